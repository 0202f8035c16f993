// SPDX-License-Identifier: Apache-2.0
// A partition that works as fast as it is let, and says five times a second how much it has done: for measuring what a partition
// gets of processors that it shares.
#include "../common/guest.hpp"
#include "../common/spr.hpp"

#include <array>

namespace {

constexpr std::uint64_t reports_per_second = 5;
constexpr unsigned purr = 309; // ISA 3.0B Book III 9.5

std::array<std::uint64_t, 512> data;

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

} // namespace

namespace guest {

void unexpected_interrupt(const InterruptFrame& frame) { bail_out(frame, "work"); }

void guest_main(const Machine& machine) {
    std::uint64_t done = 0, sum_of_rounds = 0;
    const std::uint64_t period = machine.timebase_frequency / reports_per_second;
    std::uint64_t due = timebase() + period;
    for (;;) {
        while (timebase() < due) {
            ++done;
            sum_of_rounds += done;
            if (work(done) != data.size() * sum_of_rounds)
                bail_out("work: a wrong sum");
        }
        due = timebase() + period;
        Line line;
        line << "work: done=" << static_cast<std::int64_t>(done)
             << " purr=" << static_cast<std::int64_t>(read_spr<purr>())
             << " tb=" << static_cast<std::int64_t>(timebase());
        print(line);
    }
}

} // namespace guest
