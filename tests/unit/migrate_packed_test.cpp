// SPDX-License-Identifier: Apache-2.0
#include "raw_source.hpp"

// Pages that travel in fewer bytes than they have.

namespace transom::test {
namespace {

using migrate::MoveError;
using migrate::MoveState;
using migrate::PageRecord;
using migrate::RecordType;

/// A partition with pages that become smaller, and one that does not.
class Packed : public Move {
  protected:
    migrate::MoveOrder compressible(Bytes granule) {
        there.scrub();
        partition::Partition& p = populate(granule, 1, {3});
        for (const std::uint64_t page : {5, 6, 7, 100})
            for (std::size_t i = 0; i < granule; ++i)
                here.granule(page)[i] = static_cast<std::byte>(i % 97 + page);
        return order(p);
    }
    std::size_t count(RecordType type) {
        return static_cast<std::size_t>(std::ranges::count(split(net.acceptor().history), type, &Taken::type));
    }
};

TEST_F(Packed, PagesThatBecomeSmallerTravelSo) {
    for (const Bytes granule : {kib(4), kib(64)}) {
        net.ends.clear();
        ASSERT_TRUE(source.start(net, compressible(granule)));
        settle();
        ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
        expect_same_memory();
        EXPECT_EQ(count(RecordType::page), 1u);
        EXPECT_EQ(count(RecordType::packed_page), 4u);
        for (const auto* progress : {&source.progress(), &target.progress()}) {
            EXPECT_EQ(progress->pages, 5u);
            EXPECT_EQ(progress->pages_compressed, 4u);
            EXPECT_GT(progress->bytes_saved, 3 * granule);
        }
        EXPECT_EQ(source.progress().bytes_saved, target.progress().bytes_saved);
    }
}

TEST_F(Packed, ADamagedPageIsFoundByComparingDigests) {
    migrate::MoveOrder damaged = compressible(kib(4));
    damaged.corrupt_page = 6;
    ASSERT_TRUE(source.start(net, damaged));
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_EQ(count(RecordType::packed_page), 4u);
    for (std::size_t g = 0; g < here.digests.size(); ++g)
        EXPECT_EQ(here.digests[g] == there.digests[g], g != 6) << g;
}

TEST_F(Packed, NothingOfAPageIsLeftInTheSession) {
    ASSERT_TRUE(source.start(net, compressible(kib(64))));
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed);
    constexpr std::array<std::byte, 8> part{std::byte{17}, std::byte{18}, std::byte{19}, std::byte{20},
                                            std::byte{21}, std::byte{22}, std::byte{23}, std::byte{24}};
    const auto session = std::as_bytes(std::span(&source, 1));
    EXPECT_TRUE(std::ranges::search(session, part).empty());
}

/// A target that gets what no source of ours would send.
class PackedForged : public Forged {
  protected:
    /// The recorded stream with a page record in place of its first one.
    MoveError in_place_of_a_page(RecordType type, std::span<const std::byte> rest) {
        Records forged = records;
        Taken& page = forged[index_of(RecordType::page)];
        page.type = type;
        page.payload.resize(sizeof(PageRecord));
        page.payload.insert(page.payload.end(), rest.begin(), rest.end());
        return outcome(forged);
    }
    /// A block of a granule's.
    std::vector<std::byte> block() {
        std::vector<std::byte> granule(kib(4)), packed(kib(4));
        for (std::size_t i = 0; i < granule.size(); ++i)
            granule[i] = static_cast<std::byte>(i / 8 * 31);
        packed.resize(migrate::Lz4Compressor().compress(granule, packed));
        return packed;
    }
};

TEST_F(PackedForged, APackedPageCountsAsAnyOther) {
    EXPECT_EQ(in_place_of_a_page(RecordType::packed_page, block()), MoveError::none);
}

TEST_F(PackedForged, WhatDoesNotUnpackToAGranuleEndsTheMove) {
    const std::vector<std::byte> sound = block();
    ASSERT_GT(sound.size(), 100u);
    for (std::size_t size = 1; size < sound.size(); size += 7)
        ASSERT_EQ(in_place_of_a_page(RecordType::packed_page, std::span(sound).first(size)), MoveError::record_content)
            << size;
    std::vector<std::byte> longer = sound;
    longer.push_back(std::byte{0x10});
    EXPECT_EQ(in_place_of_a_page(RecordType::packed_page, longer), MoveError::record_content);
    const std::vector<std::byte> rubbish(300, std::byte{0xff});
    EXPECT_EQ(in_place_of_a_page(RecordType::packed_page, rubbish), MoveError::record_content);
}

TEST_F(PackedForged, ALengthThatCannotBeIsRefused) {
    EXPECT_EQ(in_place_of_a_page(RecordType::packed_page, {}), MoveError::record_length);
    const std::vector<std::byte> as_long_as_a_page(kib(4));
    EXPECT_EQ(in_place_of_a_page(RecordType::packed_page, as_long_as_a_page), MoveError::record_length);
    Records forged = records;
    Taken& page = forged[index_of(RecordType::page)];
    page.type = RecordType::packed_page;
    page.payload.resize(sizeof(PageRecord) - 1);
    EXPECT_EQ(outcome(forged), MoveError::record_length);
}

TEST_F(PackedForged, ItsFieldsAreThoseOfAPage) {
    Records forged = records;
    Taken& page = forged[index_of(RecordType::page)];
    const auto sound = block();
    for (const auto& [index, order, error] :
         {std::tuple(std::uint64_t{4096}, std::uint64_t{1}, MoveError::page_range),
          std::tuple(std::uint64_t{3}, std::uint64_t{0}, MoveError::record_content)}) {
        page.type = RecordType::packed_page;
        page.payload.resize(sizeof(PageRecord));
        page.payload.insert(page.payload.end(), sound.begin(), sound.end());
        page.put(PageRecord{index, order});
        EXPECT_EQ(outcome(forged), error);
    }
}

} // namespace
} // namespace transom::test
