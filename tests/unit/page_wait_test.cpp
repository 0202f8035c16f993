// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <arch/fake_machine.hpp>
#include <arch/fake_world.hpp>
#include <arch/processors.hpp>
#include <functional>
#include <gmock/gmock.h>
#include <memory>
#include <thread>
#include <transom/hcall/dispatch.hpp>
#include <transom/partition/deliver.hpp>
#include <transom/partition/dispatcher.hpp>

namespace transom::partition {
namespace {

constexpr std::uint64_t frequency = 512'000'000;
constexpr LogicalAddr page{kib(64) * 3};

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

// R54: the dispatch log says why.
TEST_F(PageWaitTest, R54_ThePreemptionHasItsReason) {
    vcpu.areas.vpa = {{0x1000}, 0x280};
    inside = [](Vcpu& entered) { entered.awaits = page.value; };
    dispatcher.run_once();
    EXPECT_EQ(vcpu.areas.preempt_reason, PreemptReason::migration_fault);
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
    constexpr std::uint64_t h_logical_cache_load = 0x44, nip = 0x4000;
    vcpu.registers.gpr[3] = h_logical_cache_load;
    vcpu.registers.gpr[4] = 8;
    vcpu.registers.gpr[5] = page.value + 0x100;
    vcpu.registers.nip = nip;
    EXPECT_EQ(hcall::dispatch(vcpu).then, hcall::Then::missing);
    EXPECT_EQ(vcpu.registers.nip, nip - 4);
    EXPECT_EQ(vcpu.awaits, page.value);
    arrives();
    EXPECT_TRUE(wants_to_run(vcpu, 0));
    vcpu.registers.nip = nip;
    EXPECT_EQ(hcall::dispatch(vcpu).then, hcall::Then::resume);
    EXPECT_EQ(vcpu.registers.gpr[3], 0u);
}

} // namespace
} // namespace transom::partition
