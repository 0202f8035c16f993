// SPDX-License-Identifier: Apache-2.0
// A partition that does nothing but count, says so a hundred times a second, and looks whether all it has is still its own.
// For measuring how long a partition stands still, without an operating system in it.
#include "../common/spr.hpp"
#include "checks.hpp"
#include "vectors.hpp"

#include <algorithm>
#include <string_view>

namespace {

constexpr std::uint64_t ticks_per_second = 100, report_every = 100;

/// How many pages it fills, of 64 KiB: bootargs `pages=N`, or as many as there can be.
std::uint64_t pages_of(const guest::Machine& machine) {
    constexpr std::string_view key = "pages=";
    std::string_view text = machine.tree->text("/chosen", "bootargs");
    if (text.empty())
        return spin::most_pages;
    std::uint64_t pages = 0;
    if (!text.starts_with(key))
        guest::bail_out("spin: bootargs are none, or pages=N");
    for (const char digit : text.substr(key.size()))
        pages = digit >= '0' && digit <= '9' && pages <= spin::most_pages ? pages * 10 + (digit - '0') : 0;
    if (pages == 0 || pages > spin::most_pages)
        guest::bail_out("spin: pages=N is 1 to 256");
    return pages;
}

void say_tick(std::int64_t n, std::uint64_t at) {
    guest::Line line;
    line << "tick " << n << " " << static_cast<std::int64_t>(at);
    guest::print(line);
}

void say_ok(std::int64_t n) {
    guest::Line line;
    line << "spin: ok ticks=" << n << " pages=" << static_cast<std::int64_t>(spin::pages_checked())
         << " decrementers=" << static_cast<std::int64_t>(guest::asynchronous.decrementers)
         << " registers=" << static_cast<std::int64_t>(spin::registers_checked());
    guest::print(line);
}

/// In one call of the hypervisor, so that no other partition's characters come between.
void say_registers() {
    guest::Line line;
    line << "spin: regs=" << static_cast<std::int64_t>(spin::registers_checked());
    guest::print(line);
}

/// Counts in a register and in memory until `until`.
void count(std::uint64_t until) {
    static std::uint64_t counter = 0;
    const auto before = counter;
    const auto counted = spin::count_until(until, &counter);
    if (counter - before != counted)
        spin::bad("counter", counter - before, counted);
}

/// The decrementer comes four times as often as the ticks. One that is lost never comes again, since only its interrupt sets it anew, so three
/// seconds tell it from one that is late because a busy host runs the processor and not the emulator's timers.
void check_decrementers() {
    constexpr std::uint64_t most_ticks = 300;
    static std::uint64_t seen = 0, ticks_without = 0;
    const std::uint64_t now = guest::asynchronous.decrementers;
    ticks_without = now == seen ? ticks_without + 1 : 0;
    seen = now;
    if (ticks_without == most_ticks) {
        spin::bad("decrementers", now, now + 1);
        ticks_without = 0;
    }
}

} // namespace

namespace guest {

void unexpected_interrupt(const InterruptFrame& frame) {
    Line line;
    line << "spin: BAD ";
    describe(line, frame);
    print(line);
    bail_out("spin cannot go on");
}

void guest_main(const Machine& machine) {
    const auto period = machine.timebase_frequency / ticks_per_second;
    const bool odd = spin::has_odd_number(machine);
    Line line;
    line << "spin: start " << (odd ? "odd" : "even") << " tb=" << static_cast<std::int64_t>(timebase())
         << " frequency=" << static_cast<std::int64_t>(machine.timebase_frequency);
    print(line);

    spin::remember_image();
    const std::uint64_t pages = pages_of(machine), reported = std::min(pages, report_every);
    spin::fill_memory(pages);
    spin::set_every_register(odd);
    say_registers();
    spin::set_translation(machine);
    spin::check_vectors(0);
    asynchronous.decrementer_reload = period / 4;
    set_decrementer(period / 4);
    allow_interrupts(true);

    auto last = timebase();
    auto due = last;
    for (std::int64_t n = 1;; ++n) {
        due += period;
        if (due < timebase()) // stopped for a while: no burst of ticks to catch up
            due = timebase() + period;
        count(due);
        const auto now = timebase();
        if (now < last)
            spin::bad("timebase", now, last);
        last = now;
        say_tick(n, now);
        check_decrementers();
        spin::check_vectors(static_cast<std::uint64_t>(n));
        allow_interrupts(false); // an accident in the guarded accesses is to be theirs
        spin::check_every_register();
        spin::check_translation(static_cast<std::uint64_t>(n));
        allow_interrupts(true);
        spin::check_next_page();
        if (static_cast<std::uint64_t>(n) % reported == 0) {
            spin::check_image();
            say_ok(n);
        }
    }
}

} // namespace guest
