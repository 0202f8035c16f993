// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <string_view>
#include <transom/migrate/compression_choice.hpp>
#include <transom/migrate/lz4_block.hpp>
#include <vector>

namespace transom::migrate {
namespace {

using Bytes = std::vector<std::byte>;

/// Bytes of which some come again: what a page of a kernel's looks like to LZ4.
Bytes repetitive(std::size_t size, std::uint32_t seed) {
    std::mt19937 random(seed);
    Bytes made(size);
    for (std::size_t at = 0; at < size;) {
        const std::size_t run = std::min<std::size_t>(1 + random() % 60, size - at);
        if (at > 100 && random() % 3 != 0) {
            const std::size_t back = 1 + random() % std::min<std::size_t>(at, 4000);
            for (std::size_t i = 0; i < run; ++i)
                made[at + i] = made[at + i - back];
        } else {
            std::ranges::generate_n(made.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::ptrdiff_t>(run),
                                    [&] { return static_cast<std::byte>(random()); });
        }
        at += run;
    }
    return made;
}

Bytes compressed(const Bytes& in) {
    Lz4Compressor lz4;
    Bytes out(in.size() + in.size() / 255 + 16);
    out.resize(lz4.compress(in, out));
    return out;
}

/// A granule with memory of somebody else's on both sides, which nobody may write. The block is where no byte follows it.
struct Granule {
    explicit Granule(std::size_t size) : memory(size + 2 * margin, std::byte{0xa7}), size(size) {}
    bool fill_from(const Bytes& block) {
        const Bytes exact(block);
        return lz4_decompress(exact, std::span(memory).subspan(margin, size));
    }
    bool is_alone() const {
        const auto mine = [](std::byte b) { return b == std::byte{0xa7}; };
        return std::ranges::all_of(std::span(memory).first(margin), mine) &&
               std::ranges::all_of(std::span(memory).last(margin), mine);
    }
    bool is(const Bytes& what) const { return std::ranges::equal(std::span(memory).subspan(margin, size), what); }
    static constexpr std::size_t margin = 4096;
    Bytes memory;
    std::size_t size;
};

TEST(Lz4Block, ComesBackAsItWas) {
    Lz4Compressor lz4; // the same for all: nothing of one block is in the next
    for (const std::size_t size : {std::size_t{4096}, std::size_t{65536}})
        for (std::uint32_t seed = 0; seed < 50; ++seed) {
            const Bytes in = repetitive(size, seed);
            Bytes block(size - size / 8);
            block.resize(lz4.compress(in, block));
            ASSERT_FALSE(block.empty());
            Granule granule(size);
            ASSERT_TRUE(granule.fill_from(block));
            ASSERT_TRUE(granule.is(in) && granule.is_alone());
        }
}

TEST(Lz4Block, WhatDoesNotBecomeSmallerIsLeft) {
    Lz4Compressor lz4;
    std::mt19937 random(5);
    for (int round = 0; round < 10; ++round) {
        Bytes noise(4096);
        std::ranges::generate(noise, [&] { return static_cast<std::byte>(random()); });
        Bytes out(4096 + 64, std::byte{0x5b});
        EXPECT_EQ(lz4.compress(noise, std::span(out).first(3584)), 0u);
        EXPECT_TRUE(
            std::ranges::all_of(std::span(out).subspan(3584), [](std::byte b) { return b == std::byte{0x5b}; }));
        const Bytes zero(4096);
        EXPECT_LT(lz4.compress(zero, std::span(out).first(3584)), 64u) << "after a failure it works as before";
    }
}

TEST(Lz4Block, IsOfExactlySoManyBytes) {
    const Bytes in = repetitive(4096, 1);
    const Bytes block = compressed(in);
    for (const std::size_t size : {0u, 1u, 4095u, 4097u, 65536u}) {
        Granule granule(size);
        EXPECT_FALSE(granule.fill_from(block)) << size;
        EXPECT_TRUE(granule.is_alone()) << size;
    }
}

TEST(Lz4Block, EveryTruncationIsFound) {
    for (const std::uint32_t seed : {2u, 3u}) {
        const Bytes block = compressed(repetitive(4096, seed));
        for (std::size_t size = 0; size < block.size(); ++size) {
            Granule granule(4096);
            ASSERT_FALSE(granule.fill_from(Bytes(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(size))));
            ASSERT_TRUE(granule.is_alone());
        }
        Bytes longer(block);
        longer.push_back(std::byte{0});
        Granule granule(4096);
        EXPECT_FALSE(granule.fill_from(longer));
        EXPECT_TRUE(granule.is_alone());
    }
}

// Whatever they become, nothing beside the granule is written; the sanitizers see what is read.
TEST(Lz4Block, EveryDamagedByteStaysWithinTheGranule) {
    const Bytes block = compressed(repetitive(4096, 4));
    std::mt19937 random(6);
    Granule granule(4096);
    std::size_t refused = 0;
    for (std::size_t at = 0; at < block.size(); ++at)
        for (const unsigned with : {0u, 0xffu, 0xf0u, 0x0fu, static_cast<unsigned>(random() & 0xff)}) {
            Bytes damaged(block);
            damaged[at] = static_cast<std::byte>(with);
            refused += granule.fill_from(damaged) ? 0 : 1;
            ASSERT_TRUE(granule.is_alone()) << at << ' ' << with;
        }
    EXPECT_GT(refused, 0u);
}

TEST(Lz4Block, RubbishStaysWithinTheGranule) {
    std::mt19937 random(8);
    Granule granule(4096);
    for (int round = 0; round < 20000; ++round) {
        Bytes rubbish(random() % 300);
        for (std::byte& b : rubbish)
            b = static_cast<std::byte>(random() % 4 == 0 ? 0xff : random());
        static_cast<void>(granule.fill_from(rubbish));
        ASSERT_TRUE(granule.is_alone());
    }
}

/// Which of so many pages are tried, where nothing but the named ones becomes smaller.
unsigned tried(CompressionChoice& choice, unsigned pages, bool smaller) {
    unsigned count = 0;
    for (unsigned page = 0; page < pages; ++page)
        if (choice.next()) {
            ++count;
            choice.note(smaller);
        }
    return count;
}

TEST(CompressionChoice, TriesAllThatBecomeSmaller) {
    CompressionChoice choice;
    EXPECT_EQ(tried(choice, 1000, true), 1000u);
}

TEST(CompressionChoice, TriesFewOfThoseThatDoNot) {
    CompressionChoice choice;
    EXPECT_EQ(tried(choice, 4, false), 4u);
    EXPECT_LT(tried(choice, 6400, false), 110u);
    EXPECT_GE(tried(choice, 6500, false), 100u) << "but never none";
}

TEST(CompressionChoice, OneThatBecomesSmallerIsEnoughToGoOn) {
    CompressionChoice choice;
    tried(choice, 10000, false);
    while (!choice.next()) {}
    choice.note(true);
    EXPECT_EQ(tried(choice, 100, true), 100u);
    EXPECT_EQ(tried(choice, 4, false), 4u) << "patience is new again";
}

TEST(CompressionChoice, AMixIsTriedThroughout) {
    CompressionChoice choice;
    unsigned count = 0;
    for (unsigned page = 0; page < 1000; ++page)
        if (choice.next()) {
            ++count;
            choice.note(page % 3 == 0);
        }
    EXPECT_EQ(count, 1000u);
}

} // namespace
} // namespace transom::migrate
