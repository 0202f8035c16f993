// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <random>
#include <set>
#include <transom/migrate/page_set.hpp>
#include <vector>

namespace transom::migrate {
namespace {

struct OwnedSet {
    explicit OwnedSet(std::uint64_t pages) : words(PageSet::words_for(pages)), set(words, pages) {}
    std::vector<std::uint64_t> words;
    PageSet set;
};

TEST(PageSet, FindsWhatIsThere) {
    OwnedSet owned(5000);
    std::set<std::uint64_t> model;
    std::mt19937 random(7);
    for (int step = 0; step < 20000; ++step) {
        const std::uint64_t page = random() % 5000;
        switch (random() % 3) {
        case 0:
            owned.set.add({page});
            model.insert(page);
            break;
        case 1:
            EXPECT_EQ(owned.set.remove({page}), model.erase(page) == 1);
            break;
        default:
            const auto found = owned.set.next({page});
            const auto expected = model.lower_bound(page);
            ASSERT_EQ(found.has_value(), expected != model.end());
            if (found) {
                ASSERT_EQ(found->value, *expected);
            }
        }
        if (step % 2000 == 0) // thin it out, so that blocks become empty
            while (model.size() > 3) {
                owned.set.remove({*model.begin()});
                model.erase(model.begin());
            }
    }
}

TEST(PageSet, TakesAllOfAnother) {
    OwnedSet one(5000), other(5000);
    one.set.add({3});
    for (const std::uint64_t page : {0, 3, 64, 511, 512, 4999})
        other.set.add({page});
    auto from = one.set.take(other.set, {0}, 2);
    EXPECT_EQ(from, PageIndex{511}) << "two words at a time";
    from = one.set.take(other.set, *from, 9);
    EXPECT_FALSE(from.has_value());
    EXPECT_FALSE(other.set.next({0}).has_value());
    std::vector<std::uint64_t> all;
    for (auto page = one.set.next({0}); page; page = one.set.next({page->value + 1}))
        all.push_back(page->value);
    EXPECT_EQ(all, (std::vector<std::uint64_t>{0, 3, 64, 511, 512, 4999}));
}

// R66: 16 Mi entries, and who looks for one after the other does not look at 16 Mi bits each time.
TEST(PageSet, R66_FindsTheNextOfSixteenMillionAtOnce) {
    constexpr std::uint64_t pages = std::uint64_t{16} << 20;
    OwnedSet owned(pages);
    EXPECT_EQ(owned.words.size() * 8, pages / 8 + pages / 512 / 8);
    for (std::uint64_t page = 0; page < pages; page += pages / 64)
        owned.set.add({page});
    unsigned found = 0;
    for (int lap = 0; lap < 1000; ++lap) // 64 million looks at bits in each lap would take minutes
        for (auto page = owned.set.next({0}); page; page = owned.set.next({page->value + 1}))
            ++found;
    EXPECT_EQ(found, 64'000u);
}

} // namespace
} // namespace transom::migrate
