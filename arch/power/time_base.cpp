// SPDX-License-Identifier: Apache-2.0
#include "time_base.hpp"

#include "emulator.hpp"
#include "spr.hpp"

#include <arch/clock.hpp>
#include <arch/machine.hpp>
#include <atomic>

// A partition's time base is the machine's plus an offset, which the processor's register gets by TBU40. It stays there until a partition with
// another offset runs here: mostly there is one, 0.
//
// QEMU before 8.1 loses, at each write of a time base register, the time between two of its own looks at the host's clock: some ten
// nanoseconds, and as long as the host likes where it takes that thread away between them. So processors' time bases drift apart, and a
// virtual processor that goes from one to another would see time go back. What was lost is measured by the hypervisor decrementer, which goes
// on, and set right; and on each way into a partition a processor catches up with the latest time that any has seen.

namespace arch {

constinit thread_local std::uint64_t timebase_shift = 0;

namespace {

/// Less than it takes to come from one processor to another: 0.5 us.
constexpr std::int64_t tolerance = 256;

constinit std::atomic<std::uint64_t> latest{0};
constinit std::atomic<std::uint64_t> repairs{0}, repaired_ticks{0};

std::uint64_t raw_timebase() { return timebase() + timebase_shift; }

std::uint32_t hypervisor_decrementer() { return static_cast<std::uint32_t>(mfspr<Spr::hdec>()); } // counts down

/// In this order, and lost_since() in the other: what goes by between the two makes the loss look smaller, and time is never set ahead.
struct Clocks {
    std::uint64_t timebase = raw_timebase();
    std::uint32_t decrementer = hypervisor_decrementer();
};

/// Book II 5.2: the lower half first gets a value that does not carry.
void set_forward(std::int64_t ticks) {
    const std::uint64_t wanted = raw_timebase() + static_cast<std::uint64_t>(ticks);
    mtspr<Spr::tbl>(0);
    mtspr<Spr::tbu>(wanted >> 32);
    mtspr<Spr::tbl>(wanted & 0xffffffff);
    repairs.fetch_add(1, std::memory_order_relaxed);
    repaired_ticks.fetch_add(static_cast<std::uint64_t>(ticks), std::memory_order_relaxed);
}

/// How much the register has less than it had, and what has gone by since.
std::int64_t lost_since(const Clocks& before) {
    const std::uint32_t gone = before.decrementer - hypervisor_decrementer();
    return static_cast<std::int64_t>(before.timebase + gone - raw_timebase());
}

} // namespace

void shift_timebase(std::uint64_t offset) {
    const std::uint64_t change = offset - timebase_shift;
    if (change == 0)
        return;
    Clocks before;
    // What TBU40 sets is all but the low 24 bits, which go on counting meanwhile and may carry.
    const std::uint64_t wanted = before.timebase + change;
    mtspr<Spr::tbu40>(wanted);
    if ((raw_timebase() & 0xffffff) < (wanted & 0xffffff))
        mtspr<Spr::tbu40>(wanted + 0x1000000);
    timebase_shift = offset;
    before.timebase = wanted;
    constexpr int attempts = 4; // what is lost by the repair itself
    for (int i = 0; i < attempts && emulated(); ++i) {
        const std::int64_t lost = lost_since(before);
        if (lost <= tolerance)
            break;
        set_forward(lost);
    }
}

void catch_up_with_time() {
    if (!emulated())
        return;
    const auto behind = static_cast<std::int64_t>(latest.load(std::memory_order_relaxed) - timebase());
    if (behind > tolerance)
        set_forward(behind);
}

void publish_time() {
    if (!emulated())
        return;
    const std::uint64_t now = timebase();
    std::uint64_t seen = latest.load(std::memory_order_relaxed);
    while (static_cast<std::int64_t>(now - seen) > 0 &&
           !latest.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {}
}

MachineTime::MachineTime() : before_(timebase_shift) { shift_timebase(0); }
MachineTime::~MachineTime() { shift_timebase(before_); }

TimebaseRepairs timebase_repairs() {
    return {repairs.load(std::memory_order_relaxed), repaired_ticks.load(std::memory_order_relaxed)};
}

} // namespace arch
