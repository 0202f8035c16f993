// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/fake_machine.hpp>
#include <arch/processors.hpp>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

namespace transom::stress {

/// Where the threads that play processors sleep, and are kicked. The machine's clock goes on while somebody works; once all
/// sleep it jumps to the moment at which the first of them wants to wake. Just before, whoever wants to run has been forgotten:
/// then `when_all_sleep` is called, and nobody else does anything.
class Bedroom {
  public:
    Bedroom(arch::FakeMachine& machine, unsigned processors, std::function<void()> when_all_sleep)
        : machine_(machine), when_all_sleep_(std::move(when_all_sleep)), beds_(processors) {}

    /// The calling processor sleeps for that long, or until it is kicked, or does not sleep if it was.
    void sleep(std::uint64_t ticks);
    /// Stays until it is taken.
    void kick(std::uint32_t index);
    /// Takes the calling processor's kick away: whether there was one.
    bool take_kick();
    /// Nobody sleeps any more.
    void close();
    /// Time goes by in which the calling processor works.
    void work(std::uint64_t ticks);

    std::uint64_t times_all_slept() const { return times_all_slept_; }

  private:
    struct Bed {
        std::atomic<bool> kicked = false;
        bool asleep = false;
        std::uint64_t until = 0;
    };
    static constexpr std::uint64_t never = ~std::uint64_t{0};
    std::uint64_t now() const { return machine_.ticks_.load(std::memory_order_relaxed); }
    bool all_sleep() const;
    void find_soonest();

    arch::FakeMachine& machine_;
    std::function<void()> when_all_sleep_;
    std::mutex mutex_; // of all but kicked
    std::condition_variable changed_;
    std::vector<Bed> beds_;
    bool closed_ = false;
    std::uint64_t times_all_slept_ = 0;
    std::atomic<std::uint64_t> soonest_ = never; // at which somebody is to be woken
};

} // namespace transom::stress
