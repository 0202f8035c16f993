// SPDX-License-Identifier: Apache-2.0
#include "contest.hpp"

#include "../common/processors.hpp"

namespace storing {

namespace {

/// With `pause` rounds of nothing between the load and the store, 1 or more.
void add_word(std::uint64_t address, std::uint64_t pause) {
    std::uint64_t value;
    asm volatile("1:\n\t"
                 "mtctr %2\n\t"
                 "lwarx %0, 0, %1\n\t"
                 "2:\n\t"
                 "bdnz 2b\n\t"
                 "addi %0, %0, 1\n\t"
                 "stwcx. %0, 0, %1\n\t"
                 "bne- 1b"
                 : "=&b"(value)
                 : "b"(address), "r"(pause)
                 : "memory", "cr0", "ctr");
}

void add_doubleword(std::uint64_t address, std::uint64_t pause) {
    std::uint64_t value;
    asm volatile("1:\n\t"
                 "mtctr %2\n\t"
                 "ldarx %0, 0, %1\n\t"
                 "2:\n\t"
                 "bdnz 2b\n\t"
                 "addi %0, %0, 1\n\t"
                 "stdcx. %0, 0, %1\n\t"
                 "bne- 1b"
                 : "=&b"(value)
                 : "b"(address), "r"(pause)
                 : "memory", "cr0", "ctr");
}

constexpr std::uint64_t doubleword_at = 8, longest_pause = 64;

} // namespace

void Contest::add(std::uint64_t choice) {
    const unsigned which = choice & 1;
    const std::uint64_t pause = 1 + (choice >> 1) % longest_pause;
    Count& mine = counts_[guest::processor_number()];
    Tally::count(mine.begun[which]);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (which == 0)
        add_word(line_, pause);
    else
        add_doubleword(line_ + doubleword_at, pause);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    Tally::count(mine.done[which]);
    if (forgets_ && guest::processor_number() == 1) {
        forgets_ = false;
        add_word(line_, 1); // nobody has begun that
    }
    Tally::count(tally().additions);
}

std::uint64_t Contest::number(unsigned which) const {
    return which == 0 ? *reinterpret_cast<volatile std::uint32_t*>(line_)
                      : *reinterpret_cast<volatile std::uint64_t*>(line_ + doubleword_at);
}

/// What is done is in it, and what has not begun is not; between the two lies at most the other processor's addition of this moment.
void Contest::look() const {
    for (const unsigned which : {0u, 1u}) {
        std::uint64_t done = 0, begun = 0;
        for (const Count& count : counts_)
            done += count.done[which].load(std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_seq_cst);
        const std::uint64_t now = number(which);
        std::atomic_thread_fence(std::memory_order_seq_cst);
        for (const Count& count : counts_)
            begun += count.begun[which].load(std::memory_order_relaxed);
        if (now < done)
            expect("addition lost", line_, now, done);
        if (now > begun)
            expect("addition made twice", line_, now, begun);
    }
}

void Reservation::make() { asm volatile("lwarx %0, 0, %1" : "=r"(seen_) : "b"(&word_) : "memory"); }

void Reservation::break_it() { *static_cast<volatile std::uint32_t*>(&word_) = 0x5a5a; }

void Reservation::try_store() {
    std::uint64_t condition;
    asm volatile("stwcx. %1, 0, %2\n\t"
                 "mfcr %0"
                 : "=r"(condition)
                 : "r"(seen_), "b"(&word_)
                 : "memory", "cr0");
    constexpr std::uint64_t stored = 0x2000'0000; // CR0[EQ]
    expect("store by a reservation that another's store had ended", reinterpret_cast<std::uint64_t>(&word_),
           condition & stored, 0);
}

} // namespace storing
