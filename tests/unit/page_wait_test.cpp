// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <arch/fake_machine.hpp>
#include <arch/fake_world.hpp>
#include <arch/processors.hpp>
#include <functional>
#include <gmock/gmock.h>
#include <memory>
#include <papr/vpa.hpp>
#include <thread>
#include <transom/hcall/dispatch.hpp>
#include <transom/partition/deliver.hpp>
#include <transom/partition/dispatcher.hpp>

namespace transom::partition {
namespace {

constexpr std::uint64_t frequency = 512'000'000;
constexpr LogicalAddr page{kib(64) * 3};
constexpr std::uint64_t nip_after_call = 0x4000;

class CountingTask final : public Task {
  public:
    std::uint64_t run() override {
        ++runs;
        return ~std::uint64_t{0};
    }
    int runs = 0;
};

/// A partition of which all pages are here but one.
class PageWaitTest : public testing::Test {
  protected:
    PageWaitTest() {
        partition->state = PartitionState::running;
        partition->vcpu_count = 1;
        partition->share.claim.entitled = 100;
        vcpu.partition = partition.get();
        vcpu.state = VcpuState::ready;
        EXPECT_TRUE(partition->memory.add_block(arch::fake_real_base));
        present[0] &= ~(std::uint64_t{1} << 3);
        partition->memory.limit_to_present(present, kib(64));
        dispatcher.add(*partition);
        dispatcher.add(task);
    }
    std::uint64_t entries_of_log() const { return vcpu.areas.dispatch_log_index; }
    /// The call with the page that is not here; where it is made.
    static hcall::Then h_logical_cache_load(Vcpu& caller) {
        caller.registers.gpr[3] = 0x44;
        caller.registers.gpr[4] = 8;
        caller.registers.gpr[5] = page.value + 0x100;
        caller.registers.nip = nip_after_call;
        return hcall::dispatch(caller).then;
    }
    void arrives() { present[0] |= std::uint64_t{1} << 3; }

    arch::FakeMachine machine{memory::block_size + mib(1)};
    arch::FakeWorld world{[this](Vcpu& entered, std::uint64_t slice) {
        ++turns;
        if (inside)
            inside(entered);
        machine.advance(slice);
    }};
    std::vector<std::uint64_t> present =
        std::vector<std::uint64_t>(memory::block_size / kib(64) / 64, ~std::uint64_t{0});
    std::unique_ptr<Partition> partition = std::make_unique<Partition>();
    Vcpu& vcpu = partition->vcpus[0];
    Dispatcher dispatcher{frequency};
    CountingTask task;
    std::function<void(Vcpu&)> inside;
    int turns = 0;
};

// R54: it has no turn until the page is here; whoever brings pages is told at once.
TEST_F(PageWaitTest, R54_WhoWaitsForAPageDoesNotRun) {
    inside = [](Vcpu& entered) { entered.awaits = page.value; };
    dispatcher.set_processors(2);
    std::thread([&] {
        arch::set_processor_index(1);
        dispatcher.run_turn_or_sleep();
    }).join();
    ASSERT_EQ(turns, 1);
    EXPECT_TRUE(dispatcher.pool().sleepers.tasks_wanted()) << "somebody has to ask for the page";
    for (int i = 0; i < 5; ++i)
        dispatcher.run_once();
    EXPECT_EQ(turns, 1);
    EXPECT_GT(world.slept, 0u) << "nobody looks again and again";
    arrives();
    alert(vcpu);
    inside = {};
    dispatcher.run_once();
    EXPECT_EQ(turns, 2);
    EXPECT_EQ(vcpu.awaits, Vcpu::nothing);
}

// Who pays for a right to store has no turn meanwhile, and is not forgotten.
TEST_F(PageWaitTest, WhoPaysATollDoesNotRun) {
    constexpr std::uint64_t due = frequency / 100;
    vcpu.toll.set(due);
    vcpu.toll.granted(1);
    inside = [&](Vcpu& entered) { entered.toll.pay(arch::timebase()); };
    dispatcher.run_once();
    ASSERT_EQ(turns, 1);
    const std::uint64_t from = arch::timebase();
    inside = {};
    while (turns == 1)
        dispatcher.run_once();
    EXPECT_GE(arch::timebase() - from, due / 2) << "a turn itself takes some of it";
    EXPECT_LE(arch::timebase() - from, 2 * due);
    EXPECT_GT(world.slept, 0u) << "nobody looks again and again";
}

TEST_F(PageWaitTest, WhoPaysATollGoesOnWhenNothingIsDueAnyMore) {
    vcpu.toll.set(frequency);
    vcpu.toll.granted(1);
    inside = [&](Vcpu& entered) { entered.toll.pay(arch::timebase()); };
    dispatcher.run_once();
    ASSERT_EQ(turns, 1);
    inside = {};
    vcpu.toll.set(0);
    const std::uint64_t from = arch::timebase();
    dispatcher.run_once();
    EXPECT_EQ(turns, 2);
    EXPECT_LT(arch::timebase() - from, frequency / 10);
}

// R54: the dispatch log says why, and which page: of an access, and of a call.
TEST_F(PageWaitTest, R54_ThePreemptionHasItsReason) {
    constexpr LogicalAddr vpa{0x1000}, log{0x2000};
    vcpu.areas.vpa = {vpa, 0x280};
    vcpu.areas.dispatch_log = {log, 4 * papr::dispatch_log::entry_size};
    ASSERT_TRUE(partition->memory.store(vpa + papr::vpa::trace_mask_offset, papr::vpa::trace_faults));
    const auto access = [](Vcpu& entered) { entered.awaits = page.value; };
    const auto call = [](Vcpu& entered) { EXPECT_EQ(h_logical_cache_load(entered), hcall::Then::missing); };
    std::uint64_t entries = 0;
    const std::function<void(Vcpu&)> ways[] = {access, call};
    for (const auto& needs_it : ways) {
        present[0] &= ~(std::uint64_t{1} << 3);
        inside = needs_it;
        for (int i = 0; i < 3; ++i)
            dispatcher.run_once();
        ASSERT_EQ(vcpu.awaits, page.value);
        EXPECT_EQ(vcpu.areas.preempt_reason, PreemptReason::migration_fault);
        EXPECT_EQ(vcpu.areas.preempt_fault, page);
        EXPECT_EQ(entries_of_log(), entries) << "it has no turn yet";
        arrives();
        inside = {};
        for (int i = 0; i < 3; ++i)
            dispatcher.run_once();
        ASSERT_EQ(entries_of_log(), entries + 1) << "the ends of its slices are not asked for";
        const LogicalAddr entry = log + entries * papr::dispatch_log::entry_size;
        EXPECT_EQ(*partition->memory.load<std::uint8_t>(entry + papr::dispatch_log::preempt_reason_offset), 5);
        EXPECT_EQ(*partition->memory.load<Be<std::uint64_t>>(entry + papr::dispatch_log::fault_offset), page.value);
        ++entries;
    }
}

// What the hypervisor needs on the way in is waited for like anything else.
TEST_F(PageWaitTest, ItsVpaIsWaitedForBeforeItRuns) {
    vcpu.areas.vpa = {page, 0x280};
    dispatcher.run_once();
    EXPECT_EQ(turns, 0);
    EXPECT_EQ(vcpu.awaits, page.value);
    arrives();
    dispatcher.run_once();
    dispatcher.run_once();
    EXPECT_GE(turns, 1);
}

// A call that needs a page is made again, as if it had not been made.
TEST_F(PageWaitTest, ACallThatNeedsAPageWaitsForIt) {
    EXPECT_EQ(h_logical_cache_load(vcpu), hcall::Then::missing);
    EXPECT_EQ(vcpu.registers.nip, nip_after_call - 4);
    EXPECT_EQ(vcpu.awaits, page.value);
    arrives();
    EXPECT_TRUE(wants_to_run(vcpu, 0));
    EXPECT_EQ(h_logical_cache_load(vcpu), hcall::Then::resume);
    EXPECT_EQ(vcpu.registers.gpr[3], 0u);
}

} // namespace
} // namespace transom::partition
