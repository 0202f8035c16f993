// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <transom/migrate/sent_copies.hpp>
#include <vector>

namespace transom::migrate {
namespace {

struct Kept {
    explicit Kept(std::uint64_t places) : room(SentCopies::room_for(kib(4), places) / 8 + 1, ~std::uint64_t{0}) {}
    std::vector<std::uint64_t> room; // with anything in it
    SentCopies copies{kib(4), std::as_writable_bytes(std::span(room))};
    SentCopies::Copy* put(std::uint64_t page, CopyOrder order) {
        SentCopies::Copy* const copy = copies.place_for({page});
        if (copy != nullptr)
            copy->order = order;
        return copy;
    }
};

TEST(SentCopies, HasWhatWasPut) {
    Kept kept(10);
    for (std::uint64_t page = 0; page < 100; ++page)
        EXPECT_EQ(kept.copies.find({page}), nullptr) << "whatever was in its room";
    SentCopies::Copy* const copy = kept.put(7, 5);
    ASSERT_NE(copy, nullptr);
    EXPECT_EQ(kept.copies.bytes(*copy).size(), kib(4));
    EXPECT_EQ(kept.copies.find({7}), copy);
    EXPECT_EQ(kept.copies.find({17}), nullptr);
    kept.copies.forget({17});
    EXPECT_EQ(kept.copies.find({7}), copy);
    kept.copies.forget({7});
    EXPECT_EQ(kept.copies.find({7}), nullptr);
}

TEST(SentCopies, PlacesAreApartAndWithinTheRoom) {
    Kept kept(10);
    std::byte* before = nullptr;
    for (std::uint64_t page = 20; page < 30; ++page) {
        const auto bytes = kept.copies.bytes(*kept.put(page, 1));
        EXPECT_GE(bytes.data(), std::as_writable_bytes(std::span(kept.room)).data());
        if (before != nullptr) {
            EXPECT_EQ(bytes.data(), before + kib(4));
        }
        before = bytes.data();
        std::ranges::fill(bytes, std::byte{0xee});
    }
    for (std::uint64_t page = 20; page < 30; ++page)
        ASSERT_NE(kept.copies.find({page}), nullptr) << "what is said of them is beside them";
}

TEST(SentCopies, OfThoseThatShareAPlaceTheFirstHasIt) {
    Kept kept(10);
    EXPECT_NE(kept.put(3, 1), nullptr);
    EXPECT_EQ(kept.put(13, 2), nullptr);
    EXPECT_NE(kept.put(14, 2), nullptr);
    kept.copies.forget({13});
    EXPECT_NE(kept.copies.find({3}), nullptr);
    kept.copies.forget({3});
    EXPECT_NE(kept.put(13, 3), nullptr);
    EXPECT_EQ(kept.copies.find({3}), nullptr);
}

TEST(SentCopies, WithoutRoomThereAreNone) {
    SentCopies none;
    std::vector<std::byte> little(kib(4));
    for (SentCopies copies : {none, SentCopies(kib(4), little)}) {
        EXPECT_EQ(copies.place_for({3}), nullptr);
        EXPECT_EQ(copies.find({3}), nullptr);
        copies.forget({3});
    }
}

} // namespace
} // namespace transom::migrate
