// SPDX-License-Identifier: Apache-2.0
#include "twin_machine.hpp"

#include <transom/dual/dual_table_impl.hpp>
#include <transom/relocate/relocation.hpp>

// A block of a partition's memory moves to another place while the partition runs: R79, I5 and the design's section 4.5.

namespace transom::relocate {
namespace {

using dual::AccessKind;
using dual::FaultAnswer;
using memory::FrameState;
using migrate::twin_facts;

class RelocationTest : public testing::Test {
  protected:
    static constexpr std::uint64_t page = 7; // of 64 KiB, mapped by `slot`

    RelocationTest() {
        here.vcpus[0].state = partition::VcpuState::stopped;
        test::fill_with_noise(here);
        before.resize(mib(16));
        EXPECT_TRUE(here.memory.read({0}, before).has_value());
        const hpt::SegmentOffset place = place_of(page);
        const papr::PageTableEntry entry{hpt::virtual_page_field(place, papr::PageSize::kib_64) | papr::d0::large |
                                             papr::d0::valid,
                                         page << 16 | 0x1000 | papr::d1::wimg_memory | 2};
        slot = papr::ptex(hpt::group_of(hpt::primary_hash(place, papr::PageSize::kib_64), here.hpt.log2_bytes()), 0);
        EXPECT_TRUE(here.hpt.restore({slot, entry}, here.memory).has_value());
        begun_with = twin.frames.available();
    }
    static hpt::SegmentOffset place_of(std::uint64_t page) { return {papr::SegmentSize::tib_1, page, 0}; }

    void round() {
        machine.advance(1000);
        relocation.work(budget);
        twin.attendant.run();
    }
    template <class Until> void run_until(Until until) {
        for (int rounds = 0; rounds < 10'000 && !until(); ++rounds)
            round();
        ASSERT_TRUE(until());
    }
    void begin() {
        ASSERT_TRUE(relocation.begin(here).has_value());
        run_until([&] { return relocation.is_ready(); });
    }
    /// A page at a time.
    void go_slowly() {
        budget = 1;
        machine.step_ = 10;
    }
    void go_fast() {
        budget = 1'000'000'000;
        machine.step_ = 0;
    }
    RealAddr move() {
        const auto to =
            twin.frames.allocate(memory::block_size, memory::block_size, FrameState::partition, memory::Contents::any);
        EXPECT_TRUE(to.has_value());
        relocation.move(0, *to);
        return *to;
    }
    void finish() {
        relocation.finish();
        run_until([&] { return !relocation.under_way(); });
        while (twin.frames.scrub_one()) {}
    }
    /// Its virtual processor comes in, by the second table.
    void enter() {
        here.dual->arrive(0);
        here.memory.begin_turn();
        here.dual->enter(0, 0);
        ASSERT_TRUE(here.dual->walks_second(0));
    }
    void leave() { here.dual->leave(0); }
    FaultAnswer access(AccessKind kind) {
        return here.dual->fault(0, {place_of(page), papr::PageSize::kib_64, kind}).answer;
    }
    /// A store of the partition's, which is inside: by the entry of its second table, if that permits it.
    void store(std::uint64_t value) {
        ASSERT_TRUE(here.dual->table().has_twin(slot));
        const std::uint64_t d1 = second_d1();
        ASSERT_TRUE(dual::permits_store(d1)) << "it has to fault first";
        store_by(arch::real_pointer(hpt::place_of(hpt::Format::odd, d1, kib(64))), value);
    }
    void store_by(std::byte* translated, std::uint64_t value) {
        std::memcpy(translated, &value, sizeof value);
        std::memcpy(&before[page * kib(64)], &value, sizeof value);
    }
    hpt::RealSlots second() const { return {here.dual->root().address, {}}; }
    std::uint64_t second_d1() const { return second().d1(slot); }
    RealAddr place_in_first() const {
        return hpt::place_of(hpt::Format::odd, hpt::RealSlots(here.hpt.address(), {}).d1(slot), kib(64));
    }
    void expect_contents() {
        std::vector<std::byte> now(before.size());
        here.memory.begin_turn();
        ASSERT_TRUE(here.memory.read({0}, now).has_value());
        EXPECT_TRUE(std::ranges::equal(before, now));
    }

    arch::FakeMachine machine{migrate::twin_size};
    migrate::TwinMachine twin{arch::fake_real_base};
    partition::Partition& here = twin.build("linux");
    Relocation relocation{twin.roster, twin.frames, twin_facts.timebase_frequency};
    std::uint64_t budget = 1'000'000'000;
    papr::Ptex slot;
    std::vector<std::byte> before;
    Bytes begun_with = 0;
};

TEST_F(RelocationTest, R79_ABlockHasTheSameContentsElsewhere) {
    const RealAddr from = here.memory.block(0);
    begin();
    const RealAddr to = move();
    run_until([&] { return relocation.is_ready(); });
    EXPECT_EQ(here.memory.block(0), to);
    expect_contents();
    EXPECT_EQ(place_in_first(), from + page * kib(64)) << "T1 hears of it at the end";
    finish();
    EXPECT_EQ(place_in_first(), to + page * kib(64));
    EXPECT_EQ(here.dual->phase(), dual::Phase::normal);
    EXPECT_EQ(relocation.costs().blocks, 1u);
    EXPECT_EQ(relocation.costs().pages_copied, 256u);
    EXPECT_EQ(relocation.costs().pages_at_last, 0u);
    EXPECT_EQ(twin.frames.available(), begun_with);
}

TEST_F(RelocationTest, WhatIsStoredToMeanwhileIsCopiedAgain) {
    begin();
    enter();
    ASSERT_EQ(access(AccessKind::store), FaultAnswer::again);
    store(1);
    go_slowly();
    move();
    for (int rounds = 0; rounds < 100; ++rounds)
        round();
    store(2); // the page has been copied as it was
    leave();
    go_fast();
    run_until([&] { return relocation.is_ready(); });
    EXPECT_GE(relocation.costs().pages_copied + relocation.costs().pages_at_last, 257u);
    expect_contents();
    finish();
    expect_contents();
}

// Who has a turn may go on until it ends, and is waited for; whoever comes after that waits for the block.
TEST_F(RelocationTest, WhoComesWhileTheBlockIsClosedWaits) {
    const RealAddr from = here.memory.block(0);
    begin();
    enter();
    ASSERT_EQ(access(AccessKind::store), FaultAnswer::again);
    const RealAddr to = move();
    for (int rounds = 0; rounds < 20; ++rounds)
        round();
    ASSERT_FALSE(here.memory.here({0})) << "it is closed";
    EXPECT_TRUE(here.memory.write({page * kib(64) + 8}, std::as_bytes(std::span("call"))).has_value())
        << "a call of the turn that is under way";
    std::memcpy(&before[page * kib(64) + 8], "call", 5);
    EXPECT_EQ(access(AccessKind::load), FaultAnswer::missing);
    EXPECT_EQ(here.memory.block(0), from);
    leave();
    enter();
    EXPECT_EQ(here.memory.load<Be<std::uint64_t>>({page * kib(64)}).error(), memory::AccessError::missing);
    EXPECT_EQ(here.memory.missed(), LogicalAddr{page * kib(64)});
    EXPECT_EQ(access(AccessKind::load), FaultAnswer::missing);
    round();
    EXPECT_EQ(here.memory.block(0), to);
    EXPECT_TRUE(here.memory.here({0}));
    ASSERT_EQ(access(AccessKind::store), FaultAnswer::again);
    EXPECT_EQ(hpt::place_of(hpt::Format::odd, second_d1(), kib(64)), to + page * kib(64));
    EXPECT_EQ(place_in_first(), to + page * kib(64)) << "the fill has told T1";
    store(3);
    leave();
    expect_contents();
    finish();
    expect_contents();
}

// Between the beginning of its turn and its way in a processor writes into the VPA, and what it has seen is for the whole turn.
TEST_F(RelocationTest, WhoseTurnHasJustBegunIsWaitedForUntilItIsOver) {
    const RealAddr from = here.memory.block(0);
    begin();
    here.dual->arrive(0);
    here.memory.begin_turn();
    move();
    for (int rounds = 0; rounds < 20; ++rounds)
        round();
    ASSERT_FALSE(here.memory.here({0})) << "it is closed";
    here.dual->enter(0, 0);
    for (int rounds = 0; rounds < 20; ++rounds)
        round();
    EXPECT_EQ(here.memory.block(0), from);
    EXPECT_TRUE(here.memory.write({8}, std::as_bytes(std::span("turn"))).has_value());
    std::memcpy(&before[8], "turn", 5);
    leave();
    run_until([&] { return relocation.is_ready(); });
    EXPECT_NE(here.memory.block(0), from);
    expect_contents();
    finish();
}

// As long as a call has not flushed an entry that it changes, some TLB may have it.
TEST_F(RelocationTest, WhoIsJustChangingAnEntryIsWaitedFor) {
    const RealAddr from = here.memory.block(0);
    begin();
    enter();
    ASSERT_EQ(access(AccessKind::store), FaultAnswer::again);
    leave();
    auto pending = here.dual->table().begin_protect({slot, {}, 1});
    ASSERT_TRUE(pending.has_value());
    move();
    for (int rounds = 0; rounds < 50; ++rounds)
        round();
    EXPECT_EQ(here.memory.block(0), from);
    store_by(arch::real_pointer(from + page * kib(64)), 7); // by a TLB
    const hpt::Flushed flushed = here.dual->discharge(pending->obligation());
    static_cast<void>(here.dual->table().finish_modify(std::move(*pending), flushed));
    run_until([&] { return relocation.is_ready(); });
    EXPECT_NE(here.memory.block(0), from);
    expect_contents();
    finish();
}

TEST_F(RelocationTest, WhatHasMovedMayMoveAgain) {
    begin();
    for (const std::uint64_t value : {1, 2, 3}) {
        const RealAddr block = move();
        run_until([&] { return relocation.is_ready(); });
        EXPECT_EQ(here.memory.block(0), block);
        expect_contents();
        const auto table =
            twin.frames.allocate(hpt::size_with_words(here.hpt.log2_bytes()), Bytes{1} << here.hpt.log2_bytes(),
                                 FrameState::page_table, memory::Contents::any);
        ASSERT_TRUE(table.has_value());
        relocation.move_table(*table);
        run_until([&] { return relocation.is_ready(); });
        EXPECT_EQ(here.hpt.address(), *table);
        EXPECT_TRUE(here.hpt.read(slot)->valid());
        enter();
        ASSERT_EQ(access(AccessKind::store), FaultAnswer::again);
        store(value);
        leave();
    }
    EXPECT_EQ(relocation.costs().blocks, 3u);
    finish();
    EXPECT_EQ(twin.frames.available(), begun_with);
}

TEST_F(RelocationTest, RAndCAreTheSameAfterwards) {
    begin();
    enter();
    ASSERT_EQ(access(AccessKind::store), FaultAnswer::again);
    second().merge_d1(slot, papr::d1::usage);
    leave();
    move();
    run_until([&] { return relocation.is_ready(); });
    finish();
    EXPECT_EQ(here.hpt.read(slot)->d1 & papr::d1::usage, papr::d1::usage);
}

TEST_F(RelocationTest, StoppedInTheMiddleOfABlockItStaysWhereItWas) {
    const RealAddr from = here.memory.block(0);
    begin();
    go_slowly();
    move();
    for (int rounds = 0; rounds < 50; ++rounds)
        round();
    go_fast();
    finish();
    EXPECT_EQ(here.memory.block(0), from);
    expect_contents();
    EXPECT_EQ(place_in_first(), from + page * kib(64));
    EXPECT_EQ(twin.frames.available(), begun_with);
}

TEST_F(RelocationTest, StoppedBeforeItBeginsNothingIsTaken) {
    go_slowly();
    ASSERT_TRUE(relocation.begin(here).has_value());
    relocation.finish();
    EXPECT_FALSE(relocation.under_way());
    while (twin.frames.scrub_one()) {}
    EXPECT_EQ(twin.frames.available(), begun_with);
}

TEST_F(RelocationTest, APartitionThatEndsMeanwhileLeavesNothingBehind) {
    begin();
    enter();
    ASSERT_EQ(access(AccessKind::store), FaultAnswer::again);
    leave();
    go_slowly();
    move();
    for (int rounds = 0; rounds < 50; ++rounds)
        round();
    const Bytes all = twin.frames.total(FrameState::partition);
    EXPECT_EQ(all, 2 * memory::block_size);
    relocation.ended(here);
    twin.end("linux");
    round();
    EXPECT_FALSE(relocation.under_way());
    while (twin.frames.scrub_one()) {}
    EXPECT_EQ(twin.frames.total(FrameState::partition), 0u);
    EXPECT_EQ(twin.frames.total(FrameState::page_table), 0u);
}

TEST_F(RelocationTest, APartitionWithASecondTableIsBusy) {
    begin();
    Relocation other{twin.roster, twin.frames, twin_facts.timebase_frequency};
    EXPECT_EQ(other.begin(here).error(), RelocationError::busy);
    finish();
    EXPECT_TRUE(other.begin(here).has_value());
    other.finish();
}

TEST_F(RelocationTest, R78_NoMoreIsCopiedInASecondThanIsPermitted) {
    const auto seconds = [&](std::uint64_t bytes_per_second) {
        relocation.limit(bytes_per_second);
        begin();
        move();
        go_slowly();
        const std::uint64_t began = arch::timebase();
        for (int rounds = 0; rounds < 100'000 && !relocation.is_ready(); ++rounds) {
            machine.advance(twin_facts.timebase_frequency / 1000);
            relocation.work(budget);
            twin.attendant.run();
        }
        EXPECT_TRUE(relocation.is_ready());
        const double took =
            static_cast<double>(arch::timebase() - began) / static_cast<double>(twin_facts.timebase_frequency);
        go_fast();
        finish();
        return took;
    };
    const double freely = seconds(0), held = seconds(mib(16)), held_more = seconds(mib(4));
    EXPECT_LT(freely, 0.7);
    EXPECT_GT(held, 0.9);
    EXPECT_LT(held, 1.6);
    EXPECT_GT(held_more, 3.8);
    expect_contents();
}

} // namespace
} // namespace transom::relocate
