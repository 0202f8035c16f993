// SPDX-License-Identifier: Apache-2.0
#include "twin_machine.hpp"
#include <arch/fake_world.hpp>
#include <transom/dual/dual_table_impl.hpp>

// The task that drains second page tables, in the rounds of a dispatcher that has others to run too.

namespace transom::dual {
namespace {

using partition::VcpuState;

constexpr std::uint64_t second = 512'000'000, millisecond = second / 1000;

struct NoTracking final : PageTracking {
    bool here(LogicalAddr, Bytes) override { return true; }
    void raise(LogicalAddr, Bytes) override {}
    void lower(LogicalAddr, Bytes) override {}
};

/// One partition's second page table is to be drained; another one may want the processor all the time.
class AttendantTest : public testing::Test {
  protected:
    AttendantTest() {
        twin.dispatcher.add(twin.attendant);
        here.vcpus[0].state = VcpuState::stopped;
    }
    /// As many entries, each in a group of its own.
    void begin_drain(std::uint64_t entries) {
        PartitionEngine& engine = *here.dual;
        ASSERT_TRUE(engine.take(here.hpt, twin.frames));
        while (!engine.prepare(twin.frames)) {}
        engine.begin(here, tracking, StorePolicy::when_stored);
        ASSERT_EQ(engine.advance(), Phase::dual);
        engine.enter(0, 0);
        for (std::uint64_t page = 0; page < entries; ++page) {
            const hpt::SegmentOffset place{papr::SegmentSize::tib_1, page, 0};
            const papr::PageTableEntry entry{hpt::virtual_page_field(place, papr::PageSize::kib_64) | papr::d0::large |
                                                 papr::d0::valid,
                                             0x1000 | papr::d1::wimg_memory | 2};
            const std::uint64_t hash = hpt::primary_hash(place, papr::PageSize::kib_64);
            const papr::Ptex slot = papr::ptex(hpt::group_of(hash, here.hpt.log2_bytes()), 0);
            ASSERT_TRUE(here.hpt.restore({slot, entry}, here.memory).has_value());
            ASSERT_EQ(engine.fault(0, {place, papr::PageSize::kib_64, AccessKind::load}).answer, FaultAnswer::again);
        }
        engine.leave(0);
        ASSERT_EQ(engine.live(), entries);
        engine.stop();
        engine.advance();
        ASSERT_EQ(engine.phase(), Phase::drain);
        machine.step_ = look;
        began = machine.ticks_;
    }
    /// Another partition comes, which wants to run all the time; the dispatcher has seen it.
    void begin_busy() {
        twin.build("busy").vcpus[0].state = VcpuState::ready;
        twin.dispatcher.run_once();
        ASSERT_TRUE(twin.dispatcher.somebody_waits());
    }
    /// Until it is over, or so much time has gone by.
    void run_for(std::uint64_t ticks) {
        while (here.dual->active() && machine.ticks_ - began < ticks)
            twin.dispatcher.run_once();
    }
    std::uint64_t intervals() const { return here.dual->counters().intervals; }

    static constexpr std::uint64_t look = 4'000; // ticks that each look at the clock takes: an interval has some groups
    static constexpr std::uint64_t most_of_an_interval = Portion{}.ticks + 2 * look;

    arch::FakeMachine machine{migrate::twin_size};
    arch::FakeWorld world{[this](partition::Vcpu&, std::uint64_t slice) { machine.advance(slice); }};
    migrate::TwinMachine twin{arch::fake_real_base};
    partition::Partition& here = twin.build("linux");
    NoTracking tracking;
    std::uint64_t began = 0;
};

TEST_F(AttendantTest, R22_WhereOthersWantTheProcessorItKeepsToItsShare) {
    ASSERT_NO_FATAL_FAILURE(begin_busy());
    ASSERT_NO_FATAL_FAILURE(begin_drain(1500));
    const std::uint64_t before = twin.dispatcher.guest_ticks(), first = intervals();
    run_for(second / 2);
    ASSERT_EQ(here.dual->phase(), Phase::drain);
    const std::uint64_t swept = (intervals() - first) * most_of_an_interval, all = machine.ticks_ - began;
    EXPECT_LE(swept * 100, 3 * all);
    EXPECT_GE(swept * 100, all);
    EXPECT_GE((twin.dispatcher.guest_ticks() - before) * 100, 90 * all) << "what is left is the clock's";
}

TEST_F(AttendantTest, R21_WhereOthersWantTheProcessorItComesToItsEnd) {
    ASSERT_NO_FATAL_FAILURE(begin_busy());
    ASSERT_NO_FATAL_FAILURE(begin_drain(1500));
    run_for(7 * second);
    EXPECT_FALSE(here.dual->active());
    EXPECT_FALSE(here.dual->has_memory());
    EXPECT_EQ(twin.roster.table_totals().drained, 1u);
    EXPECT_EQ(twin.roster.table_totals().drained_by_sweep, 1500u);
}

TEST_F(AttendantTest, WhereNobodyWantsTheProcessorItTakesIt) {
    ASSERT_NO_FATAL_FAILURE(begin_drain(1500));
    ASSERT_FALSE(twin.dispatcher.somebody_waits());
    bool waited = false;
    world.while_idle = [&] { waited = waited || here.dual->active(); };
    run_for(second);
    EXPECT_FALSE(here.dual->active());
    EXPECT_FALSE(waited);
    EXPECT_LT(machine.ticks_ - began, 1500 * most_of_an_interval);
}

// Whoever begins to want it gets it in the next round.
TEST_F(AttendantTest, R22_ItNoticesWhoComes) {
    ASSERT_NO_FATAL_FAILURE(begin_drain(1500));
    run_for(5 * millisecond);
    ASSERT_EQ(here.dual->phase(), Phase::drain);
    ASSERT_NO_FATAL_FAILURE(begin_busy());
    const std::uint64_t from = machine.ticks_, first = intervals();
    began = from;
    run_for(200 * millisecond);
    ASSERT_EQ(here.dual->phase(), Phase::drain);
    EXPECT_LE((intervals() - first) * most_of_an_interval * 100, 4 * (machine.ticks_ - from));
}

} // namespace
} // namespace transom::dual
