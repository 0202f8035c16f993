// SPDX-License-Identifier: Apache-2.0
#include "disturber.hpp"
#include <arch/fake_machine.hpp>
#include <arch/fake_world.hpp>
#include <gtest/gtest.h>

namespace transom::stress {
namespace {

constexpr unsigned processors = 6; // more than one that nobody has for himself
constexpr unsigned rounds = 20'000;

/// Threads play the processors. What they do with a virtual processor in its turn are random calls, and the boot processor's
/// task builds, suspends and removes partitions meanwhile.
class DispatcherStress : public testing::Test {
  protected:
    DispatcherStress() {
        world.sleep = [this](std::uint64_t ticks) { bedroom.sleep(ticks); };
        world.wake = [this](std::uint32_t index) { bedroom.kick(index); };
        dispatcher.set_processors(processors);
        dispatcher.add(disturber);
    }

    void play(partition::Vcpu& vcpu, std::uint64_t slice) {
        Home& home = disturber.home(vcpu.partition->lpid);
        Guest& guest = home.guests[vcpu.index];
        EXPECT_FALSE(guest.inside.exchange(true, std::memory_order_relaxed)) << "on two processors at once";
        EXPECT_FALSE(home.held.load(std::memory_order_relaxed)) << "entered while its partition is suspended";
        EXPECT_EQ(vcpu.on.load(std::memory_order_relaxed), arch::processor_index());
        guest.run(vcpu, slice, home, bedroom);
        guest.inside.store(false, std::memory_order_relaxed);
    }

    const std::uint64_t from = seed();
    arch::FakeMachine machine{Disturber::homes * memory::block_size};
    arch::FakeWorld world{[this](partition::Vcpu& vcpu, std::uint64_t slice) { play(vcpu, slice); }};
    partition::Dispatcher dispatcher{512'000'000};
    Disturber disturber{dispatcher, from, rounds};
    Bedroom bedroom{machine, processors, [this] { disturber.check_nobody_is_forgotten(machine.ticks_); }};
};

TEST_F(DispatcherStress, NobodyRunsTwiceAtOnceOrIsForgotten) {
    std::atomic<bool> over = false;
    run_threads(processors, [&](unsigned index) {
        arch::set_processor_index(index);
        if (index != 0) {
            while (!over)
                dispatcher.run_turn_or_sleep();
            return;
        }
        while (!disturber.done())
            dispatcher.run_once();
        disturber.end();
        over = true;
        bedroom.close();
    });
    const Disturber::Tally& tally = disturber.tally();
    const auto number = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
    std::printf("partitions %llu, ended %llu, suspended %llu, typed %llu, turns %llu, calls %llu, all slept %llu\n",
                number(tally.built), number(tally.ended), number(tally.held), number(tally.typed), number(tally.turns),
                number(tally.calls), number(bedroom.times_all_slept()));
    EXPECT_GT(tally.turns, rounds / 4);
    EXPECT_GT(tally.ended, 3u);
    EXPECT_GT(tally.held, 20u);
    EXPECT_GT(bedroom.times_all_slept(), 100u) << "too seldom to see who is forgotten";
    EXPECT_NE(dispatcher.guest_ticks(), 0u);
}

} // namespace
} // namespace transom::stress
