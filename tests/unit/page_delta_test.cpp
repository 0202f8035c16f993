// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <transom/base/big_endian.hpp>
#include <transom/migrate/page_delta.hpp>
#include <vector>

namespace transom::migrate {
namespace {

using Data = std::vector<std::byte>;

Data noise(std::size_t size, std::mt19937& random) {
    Data made(size);
    std::ranges::generate(made, [&] { return static_cast<std::byte>(random()); });
    return made;
}

/// Some bytes of that many lines become others.
Data changed(Data of, std::size_t lines, std::mt19937& random) {
    for (std::size_t i = 0; i < lines; ++i)
        of[random() % of.size()] ^= std::byte{1};
    return of;
}

class PageDelta : public testing::TestWithParam<Bytes> {
  protected:
    Bytes granule = GetParam();
    std::mt19937 random{9};
};

TEST_P(PageDelta, MakesOneCopyOfAnother) {
    for (int round = 0; round < 100; ++round) {
        const Data from = noise(granule, random), to = changed(from, random() % 40, random);
        Data delta(granule * 2);
        const std::size_t size = make_delta(from, to, delta);
        ASSERT_NE(size, 0u);
        delta.resize(size);
        ASSERT_TRUE(is_sound_delta(delta, granule));
        Data made = from;
        apply_delta(delta, made);
        ASSERT_EQ(made, to);
    }
}

TEST_P(PageDelta, TakesALineForALine) {
    const Data from = noise(granule, random);
    Data out(granule * 2);
    EXPECT_EQ(make_delta(from, from, out), delta_bits_size(granule));
    Data to = from;
    to[0] ^= std::byte{0x80};               // the first,
    to[granule - 1] ^= std::byte{1};        // the last,
    to[delta_line * 7 + 3] ^= std::byte{4}; // and one between them, twice
    to[delta_line * 7 + 90] ^= std::byte{4};
    EXPECT_EQ(make_delta(from, to, out), delta_bits_size(granule) + 3 * delta_line);
    EXPECT_EQ(load_be<std::uint64_t>(out.data()) & 0xff, 0x81u);
    const std::size_t last = granule / delta_line - 1;
    EXPECT_EQ(load_be<std::uint64_t>(out.data() + last / 64 * 8) >> last % 64, 1u);
    EXPECT_TRUE(std::ranges::equal(std::span(out).subspan(delta_bits_size(granule) + delta_line, delta_line),
                                   std::span(to).subspan(7 * delta_line, delta_line)));
}

TEST_P(PageDelta, StaysWithinItsRoom) {
    const Data from = noise(granule, random), to = noise(granule, random);
    for (const std::size_t room : {std::size_t{0}, delta_bits_size(granule) - 1, delta_bits_size(granule),
                                   delta_bits_size(granule) + delta_line * 3 - 1, granule}) {
        Data out(granule * 2, std::byte{0xa7});
        EXPECT_EQ(make_delta(from, to, std::span(out).first(room)), 0u);
        EXPECT_TRUE(
            std::ranges::all_of(std::span(out).subspan(room), [](std::byte b) { return b == std::byte{0xa7}; }));
    }
}

TEST_P(PageDelta, EveryTruncationIsFound) {
    const Data from = noise(granule, random), to = changed(from, 5, random);
    Data delta(granule);
    delta.resize(make_delta(from, to, delta));
    for (std::size_t size = 0; size < delta.size(); ++size)
        ASSERT_FALSE(is_sound_delta(std::span(delta).first(size), granule));
    delta.push_back(std::byte{0});
    EXPECT_FALSE(is_sound_delta(delta, granule));
}

TEST_P(PageDelta, EveryBitThatIsAnotherIsFound) {
    const Data from = noise(granule, random), to = changed(from, 5, random);
    Data delta(granule);
    delta.resize(make_delta(from, to, delta));
    for (std::size_t bit = 0; bit < delta_bits_size(granule) * 8; ++bit) {
        Data damaged = delta;
        damaged[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
        ASSERT_FALSE(is_sound_delta(damaged, granule)) << bit;
    }
}

// Whatever is sound stays within the granule.
TEST_P(PageDelta, RubbishStaysWithinTheGranule) {
    Data memory(granule + 8192, std::byte{0xa7});
    unsigned sound = 0;
    for (int round = 0; round < 3000; ++round) {
        const std::size_t lines = random() % 6;
        Data delta(delta_bits_size(granule) + lines * delta_line);
        for (std::size_t i = 0; i < lines; ++i) {
            const std::size_t bit = random() % (delta_bits_size(granule) * 8);
            delta[bit / 8] |= static_cast<std::byte>(1u << bit % 8);
        }
        if (!is_sound_delta(delta, granule))
            continue;
        ++sound;
        apply_delta(delta, std::span(memory).subspan(4096, granule));
    }
    EXPECT_GT(sound, 100u);
    const auto alone = [](std::byte b) { return b == std::byte{0xa7}; };
    EXPECT_TRUE(std::ranges::all_of(std::span(memory).first(4096), alone));
    EXPECT_TRUE(std::ranges::all_of(std::span(memory).last(4096), alone));
}

INSTANTIATE_TEST_SUITE_P(Granules, PageDelta, testing::Values(kib(4), kib(64)));

} // namespace
} // namespace transom::migrate
