// SPDX-License-Identifier: Apache-2.0
// A partition that works as fast as it is let, and says five times a second how much it has done, and for how long at most it was
// kept from it: for measuring what a partition gets of processors that it shares. By its bootargs it only waits in between: `waits`, or `lends` where others may have its
// processor meanwhile; then it also says for how long they had it.
#include "../common/guest.hpp"
#include "../common/hypercall.hpp"
#include "../common/spr.hpp"

#include <algorithm>
#include <array>

namespace {

constexpr std::uint64_t reports_per_second = 5;
constexpr unsigned purr = 309; // ISA 3.0B Book III 9.5

std::array<std::uint64_t, 512> data;
alignas(4096) std::array<std::uint8_t, 1024> area;

/// One unit of work; the sum is known, so that nobody leaves it out, or gets it wrong unnoticed.
std::uint64_t work(std::uint64_t round) {
    std::uint64_t sum = 0;
    for (auto& word : data) {
        word += round;
        asm volatile("" : "+r"(word));
        sum += word;
    }
    return sum;
}

/// Registers a virtual processor area that says whether others may use this processor while it waits for want of work.
void register_area(bool lends) {
    constexpr std::uint64_t register_vpa = 0x2000'0000'0000;
    constexpr std::size_t donation = 0xb9, idle = 0xfe;
    area[4] = area.size() >> 8;
    area[donation] = lends ? 1 : 0;
    area[idle] = 1;
    if (guest::hcall(guest::call::register_vpa, register_vpa, 0, reinterpret_cast<std::uint64_t>(area.data())).status !=
        guest::status::success)
        guest::bail_out("work: no virtual processor area");
}

std::uint64_t donated() {
    constexpr std::size_t purr_while_idle = 0x138;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < sizeof sum; ++i)
        sum = sum << 8 | static_cast<const volatile std::uint8_t&>(area[purr_while_idle + i]);
    return sum;
}

void wait_until(std::uint64_t due) {
    if (const std::uint64_t now = guest::timebase(); now < due) {
        guest::set_decrementer(due - now);
        guest::hcall(guest::call::cede);
        guest::allow_interrupts(false);
    }
}

} // namespace

namespace guest {

void unexpected_interrupt(const InterruptFrame& frame) { bail_out(frame, "work"); }

void guest_main(const Machine& machine) {
    std::uint64_t done = 0, sum_of_rounds = 0;
    const std::uint64_t period = machine.timebase_frequency / reports_per_second;
    const std::string_view how = machine.tree->text("/chosen", "bootargs");
    const bool waits = how == "waits" || how == "lends";
    if (!waits && !how.empty())
        bail_out("work: bootargs are none, waits or lends");
    if (waits)
        register_area(how == "lends");
    std::uint64_t due = timebase() + period;
    for (;;) {
        if (waits)
            wait_until(due);
        std::uint64_t longest = 0;
        for (std::uint64_t before = timebase(), now = before; now < due; before = now) {
            ++done;
            sum_of_rounds += done;
            if (work(done) != data.size() * sum_of_rounds)
                bail_out("work: a wrong sum");
            now = timebase();
            longest = std::max(longest, now - before);
        }
        due = timebase() + period;
        Line line;
        line << "work: done=" << static_cast<std::int64_t>(done)
             << " purr=" << static_cast<std::int64_t>(read_spr<purr>())
             << " tb=" << static_cast<std::int64_t>(timebase()) << " gap=" << static_cast<std::int64_t>(longest);
        print(line);
        if (waits) {
            Line lent;
            lent << "work: lent=" << static_cast<std::int64_t>(donated());
            print(lent);
        }
    }
}

} // namespace guest
