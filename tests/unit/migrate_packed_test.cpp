// SPDX-License-Identifier: Apache-2.0
#include "raw_source.hpp"

#include <map>
#include <transom/migrate/page_delta.hpp>

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

/// A partition that stores a little to some pages, over and over, while it moves.
class Deltas : public Packed {
  protected:
    migrate::MoveOrder restless(Bytes granule, migrate::CopyMode mode, unsigned passes) {
        migrate::MoveOrder moved = compressible(granule);
        std::ranges::fill(room, 0);
        pages.emplace(moved.partition->memory.size(), granule, std::as_writable_bytes(std::span(room)),
                      migrate::PageRules{.frequency = facts.timebase_frequency,
                                         .decision = {.mode = mode, .downtime_ms = 0, .passes = passes}});
        moved.pages = &*pages;
        moved.copies = std::as_writable_bytes(std::span(copies));
        if (mode == migrate::CopyMode::hybrid)
            moved.mode = migrate::MoveMode::hybrid;
        return moved;
    }
    void store_a_little(std::uint64_t page) {
        const Bytes granule = here.partition->granule;
        source_control.tracked->raise({page * granule}, granule);
        here.granule(page)[random() % granule] ^= std::byte{1};
        source_control.tracked->lower({page * granule}, granule);
    }
    /// In each pass it stores once to each of these pages, behind their being sent, until it is asked to stop.
    void move_storing(const migrate::MoveOrder& moved) {
        source_control.per_look = 1000; // a step does not do more than one thing
        ASSERT_TRUE(source.start(net, moved));
        std::map<std::uint64_t, unsigned> stored_in{{3, 0}, {5, 0}};
        for (int round = 0; round < 30'000 && !source_control.asked; ++round) {
            net.pump();
            source.step(1000);
            target.step(1000);
            const unsigned pass = source.progress().pass;
            for (auto& [page, last] : stored_in)
                if (source_control.tracked != nullptr && !source_control.asked && pass < 6 && last != pass &&
                    pages->table().state({page}).status() == migrate::PageStatus::sent) {
                    store_a_little(page);
                    last = pass;
                }
        }
        source_control.per_look = 0;
        ASSERT_TRUE(source_control.asked);
    }
    std::vector<std::uint64_t> copies = std::vector<std::uint64_t>(mib(1) / sizeof(std::uint64_t));
};

TEST_F(Deltas, WhatChangesALittleGoesAsThat) {
    for (const Bytes granule : {kib(4), kib(64)}) {
        net.ends.clear();
        source_control.asked = false;
        move_storing(restless(granule, migrate::CopyMode::pre_copy, 30));
        settle();
        ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
        expect_same_memory();
        EXPECT_GE(source.progress().pages_delta, 2u);
        EXPECT_EQ(count(RecordType::page_delta), source.progress().pages_delta);
        EXPECT_EQ(target.progress().pages_delta, source.progress().pages_delta);
        EXPECT_EQ(source.progress().bytes_saved, target.progress().bytes_saved);
        EXPECT_EQ(source.progress().pages, target.progress().pages);
    }
}

// What has changed of a page is said where the target has heard of that page.
TEST_F(Deltas, AsOftenByChannelsAsByOneConnection) {
    std::array<std::uint64_t, 2> deltas{};
    for (std::size_t i = 0; i < deltas.size(); ++i) {
        net.ends.clear();
        there.scrub();
        source_control.asked = false;
        migrate::MoveOrder moved = restless(kib(4), migrate::CopyMode::pre_copy, 30);
        moved.connections = i == 0 ? 1 : 4;
        move_storing(moved);
        settle();
        ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
        expect_same_memory();
        deltas[i] = source.progress().pages_delta;
    }
    EXPECT_GE(deltas[0], 2u);
    EXPECT_GE(deltas[1] + 1, deltas[0]);
}

TEST_F(Deltas, WithoutRoomForCopiesItMovesAllTheSame) {
    migrate::MoveOrder moved = restless(kib(4), migrate::CopyMode::pre_copy, 30);
    moved.copies = {};
    move_storing(moved);
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    expect_same_memory();
    EXPECT_EQ(source.progress().pages_delta, 0u);
}

TEST_F(Deltas, ADamagedPageIsFoundByComparingDigests) {
    migrate::MoveOrder damaged = restless(kib(4), migrate::CopyMode::pre_copy, 30);
    damaged.corrupt_page = 3;
    move_storing(damaged);
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_GE(source.progress().pages_delta, 2u);
    for (std::size_t g = 0; g < here.digests.size(); ++g)
        EXPECT_EQ(here.digests[g] == there.digests[g], g != 3) << g;
}

// What the target has of it is old, and good enough to build on.
TEST_F(Deltas, WhatIsOwedGoesAsThatToo) {
    net.window = 20000;
    move_storing(restless(kib(4), migrate::CopyMode::hybrid, 5));
    ASSERT_TRUE(until([&] { return runs_there(); }));
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    const Records sent = split(net.acceptor().history);
    const auto owed = std::ranges::find(sent, RecordType::owed, &Taken::type);
    ASSERT_NE(owed, sent.end());
    EXPECT_GE(std::ranges::count(owed, sent.end(), RecordType::page_delta, &Taken::type), 1) << "for the third time";
    expect_same_memory();
}

// Nobody knows what has arrived by the one that is gone.
TEST_F(Deltas, OnANewConnectionPagesGoAsTheyAre) {
    move_storing(restless(kib(4), migrate::CopyMode::hybrid, 5));
    net.window = 200;
    ASSERT_TRUE(until([&] { return runs_there(); }));
    net.connector(net.ends.size() / 2 - 1).cut = true;
    net.window = 20000;
    for (int second = 0; second < 3; ++second) {
        settle();
        source_control.ticks += facts.timebase_frequency;
        target_control.ticks += facts.timebase_frequency;
    }
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    const Records sent = split(net.acceptor(1).history);
    EXPECT_EQ(sent.front().type, RecordType::again);
    EXPECT_EQ(std::ranges::count(sent, RecordType::page_delta, &Taken::type), 0);
    EXPECT_GE(std::ranges::count(sent, RecordType::page, &Taken::type), 1);
    expect_same_memory();
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

/// A delta behind a copy of its page, in a stream that is in order otherwise.
class DeltaForged : public Forged {
  protected:
    static constexpr std::size_t bits_size = migrate::delta_bits_size(kib(4));

    DeltaForged() { page = records[index_of(RecordType::page)].as<PageRecord>(); }
    Taken delta(std::uint64_t index, std::uint64_t order, std::uint64_t base, std::size_t lines = 1) const {
        Taken made{RecordType::page_delta, {}};
        made.payload.resize(sizeof(migrate::PageDeltaRecord) + bits_size + lines * migrate::delta_line,
                            std::byte{0x3c});
        made.put(migrate::PageDeltaRecord{index, order, base});
        store_be(made.payload.data() + sizeof(migrate::PageDeltaRecord), (std::uint64_t{1} << lines) - 1);
        return made;
    }
    MoveError behind_the_page(const Taken& what) {
        Records forged = records;
        forged.insert(forged.begin() + static_cast<std::ptrdiff_t>(index_of(RecordType::page)) + 1, what);
        return outcome(forged);
    }
    PageRecord page;
};

TEST_F(DeltaForged, ChangesTheCopyThatIsThere) {
    Records forged = records;
    forged.insert(forged.begin() + static_cast<std::ptrdiff_t>(index_of(RecordType::page)) + 1,
                  delta(page.index, page.order + 9000, page.order, 2));
    feed(join(forged));
    ASSERT_TRUE(runs_there());
    const auto granule = there.granule(page.index), before = here.granule(page.index);
    EXPECT_TRUE(std::ranges::all_of(granule.first(256), [](std::byte b) { return b == std::byte{0x3c}; }));
    EXPECT_TRUE(std::ranges::equal(granule.subspan(256), before.subspan(256)));
    EXPECT_EQ(there.digests[page.index], migrate::xxh64(granule));
}

TEST_F(DeltaForged, TheCopyHasToBeThatOne) {
    const std::uint64_t order = page.order + 9000;
    EXPECT_EQ(behind_the_page(delta(page.index, order, page.order)), MoveError::none);
    EXPECT_EQ(behind_the_page(delta(page.index, order, page.order + 1)), MoveError::record_content);
    EXPECT_EQ(behind_the_page(delta(page.index, order, page.order - 1)), MoveError::record_content);
    EXPECT_EQ(behind_the_page(delta(page.index, order, 0)), MoveError::record_content);
    EXPECT_EQ(behind_the_page(delta(4095, order, page.order)), MoveError::record_content) << "it has not come";
    EXPECT_EQ(behind_the_page(delta(4096, order, page.order)), MoveError::page_range);
    EXPECT_EQ(behind_the_page(delta(page.index, 0, page.order)), MoveError::record_content);
    EXPECT_EQ(behind_the_page(delta(page.index, page.order, page.order)), MoveError::none) << "it is old, and dropped";
}

TEST_F(DeltaForged, WhatHasChangedHasToBeThere) {
    const Taken sound = delta(page.index, page.order + 9000, page.order, 3);
    for (std::size_t size = 0; size < sound.payload.size(); size += size < 40 ? 1 : 13) {
        Taken cut = sound;
        cut.payload.resize(size);
        ASSERT_EQ(behind_the_page(cut),
                  size < sizeof(migrate::PageDeltaRecord) ? MoveError::record_length : MoveError::record_content)
            << size;
    }
    Taken longer = sound;
    longer.payload.push_back(std::byte{0});
    EXPECT_EQ(behind_the_page(longer), MoveError::record_content);
    longer.payload.resize(sizeof(PageRecord) + kib(4));
    EXPECT_EQ(behind_the_page(longer), MoveError::record_length);
    Taken beyond = sound;
    store_be(beyond.payload.data() + sizeof(migrate::PageDeltaRecord), std::uint64_t{0x100000003});
    EXPECT_EQ(behind_the_page(beyond), MoveError::record_content) << "there are 32 lines";
}

} // namespace
} // namespace transom::test
