// SPDX-License-Identifier: Apache-2.0
#include "rendezvous.hpp"

#include "spr.hpp"

#include <algorithm>
#include <arch/clock.hpp>
#include <arch/processors.hpp>
#include <array>
#include <atomic>
#include <cstddef>

namespace arch {

namespace {

constexpr std::uint32_t no_partition = 0; // the hypervisor's own LPID

/// Who wants a processor's attention draws a number and kicks it. It answers with the last number that was drawn, when it has
/// left the partition; or while it waits for something in the hypervisor, having forgotten its translations there.
struct alignas(128) Attention {
    // look.S knows where these are.
    std::atomic<std::uint64_t> asked = 0;
    std::atomic<std::uint64_t> answered = 0;
    std::atomic<std::uint32_t> inside = no_partition;
    std::atomic<std::uint64_t> waits = 0, wait_ticks = 0,
                               looks = 0; // of this processor for others; it alone writes them
};
static_assert(offsetof(Attention, asked) == 0 && offsetof(Attention, answered) == 8 &&
              offsetof(Attention, inside) == 16);

constinit std::array<Attention, max_processors> attention{};

extern "C" std::uint64_t look_for_answer(const Attention* other, std::uint64_t number, std::uint32_t lpid,
                                         const Attention* self);
extern "C" const std::uint64_t instructions_per_look;

void count(std::atomic<std::uint64_t>& sum, std::uint64_t more) {
    sum.store(sum.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

void answer() {
    Attention& self = attention[processor_index()];
    self.answered.store(self.asked.load(std::memory_order_acquire), std::memory_order_release);
}

/// QEMU's processors forget everything by it; others have done so when a broadcast invalidation is complete.
void write_lpidr_again() {
    mtspr<Spr::lpidr>(mfspr<Spr::lpidr>());
    isync();
}

} // namespace

void begin_inside(std::uint32_t lpid) {
    attention[processor_index()].inside.store(lpid);
    std::atomic_thread_fence(std::memory_order_seq_cst); // before the first walk of the page table
    answer(); // whoever asked before has its answer: LPIDR and LPCR are written from here on
}

void end_inside() {
    answer();
    attention[processor_index()].inside.store(no_partition, std::memory_order_release);
}

/// From keeping.S.
extern "C" void answer_while_waiting() {
    const Attention& self = attention[processor_index()];
    if (self.inside.load(std::memory_order_relaxed) != no_partition &&
        self.asked.load(std::memory_order_relaxed) != self.answered.load(std::memory_order_relaxed)) {
        const std::uint64_t asked = self.asked.load(std::memory_order_acquire);
        write_lpidr_again();
        attention[processor_index()].answered.store(asked, std::memory_order_release);
    }
    // Low priority for a moment; PPR is the partition's.
    std::uint64_t priority;
    asm volatile("mfspr %0, 896\n\tor 27, 27, 27\n\tor 2, 2, 2\n\tmtspr 896, %0" : "=r"(priority)::"memory");
}

constinit bool broadcast_is_late = false;

void rendezvous(std::uint32_t lpid) {
    const std::uint64_t begin = timebase();
    std::atomic_thread_fence(std::memory_order_seq_cst);
    std::array<std::uint64_t, max_processors> number{}; // 0: not waited for
    for (std::uint32_t i = 0; i < max_processors; ++i)
        if (i != processor_index() && attention[i].inside.load() == lpid) {
            number[i] = ++attention[i].asked;
            kick(i);
        }
    Attention& self = attention[processor_index()];
    for (std::uint32_t i = 0; i < max_processors; ++i)
        while (attention[i].answered.load(std::memory_order_acquire) < number[i] &&
               attention[i].inside.load() == lpid) {
            count(self.looks, look_for_answer(&attention[i], number[i], lpid, &self));
            answer_while_waiting(); // where it is that which ended the looking
        }
    if (std::ranges::all_of(number, [](std::uint64_t n) { return n == 0; }))
        return;
    count(self.waits, 1);
    count(self.wait_ticks, timebase() - begin);
}

RendezvousCost rendezvous_cost() {
    RendezvousCost sum;
    for (const Attention& each : attention) {
        sum.count += each.waits.load(std::memory_order_relaxed);
        sum.ticks += each.wait_ticks.load(std::memory_order_relaxed);
        sum.instructions += each.looks.load(std::memory_order_relaxed) * instructions_per_look;
    }
    return sum;
}

/// From keeping.S.
extern "C" void rendezvous_of_lpid(std::uint64_t lpid) { rendezvous(static_cast<std::uint32_t>(lpid)); }

} // namespace arch
