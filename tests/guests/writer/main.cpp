// SPDX-License-Identifier: Apache-2.0
// A partition that works, and stores to so many pages of its memory in a second, in a pattern that it is told (/chosen bootargs): what a move
// has to send again and again. It counts what it gets done, so that it is seen how much a move slows it down, and knows what has to be in
// each page.
#include "habit.hpp"
#include "pages.hpp"

#include "../common/command.hpp"
#include "../common/spr.hpp"

namespace writer {
namespace {

constexpr std::uint64_t ticks_per_second = 100, ticks_of_a_report = 5, mixes_of_a_unit = 256;

Pages pages;

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

/// What it does between two looks at the clock. Some work in registers, a look at a page that it may store to.
class Work {
  public:
    Work(const Habit& habit, std::uint64_t frequency)
        : habit_(habit), interval_(habit.rate == 0 ? 0 : frequency / habit.rate), due_(guest::timebase() + interval_),
          most_behind_(frequency / ticks_per_second) {}

    void unit() {
        for (std::uint64_t i = 0; i < mixes_of_a_unit; ++i)
            value_ = guest::mix(value_ + i);
        if (interval_ != 0) {
            pages.look(habit_.next(random_, pages.count()), value_);
            store_what_is_due();
        }
        if (checked_ < pages.count())
            check_one();
        ++units_;
    }
    std::uint64_t units() const { return units_; }
    void begin_check() {
        checked_ = 0;
        wrong_before_ = pages.wrong();
    }

  private:
    void store_what_is_due() {
        const std::uint64_t now = guest::timebase();
        if (now >= due_ + most_behind_) // it stood still, or is too slow: no burst to catch up
            due_ = now;
        for (; now >= due_; due_ += interval_)
            pages.store(habit_.next(random_, pages.count()));
    }
    void check_one() {
        pages.check(checked_);
        if (++checked_ < pages.count())
            return;
        guest::Line line;
        line << "writer: checked pages=" << number(checked_) << " wrong=" << number(pages.wrong() - wrong_before_);
        guest::print(line);
    }

    Habit habit_;
    std::uint64_t interval_, due_, most_behind_;
    guest::Random random_{2};
    std::uint64_t value_ = 0, units_ = 0, wrong_before_ = 0;
    std::uint64_t checked_ = ~std::uint64_t{0}; // pages, of a check
};

void say_tick(std::int64_t n) {
    guest::Line line;
    line << "tick " << n << " " << number(guest::timebase());
    guest::print(line);
}

void report(const Work& work) {
    guest::Line line;
    line << "writer: at=" << number(guest::timebase()) << " units=" << number(work.units())
         << " stores=" << number(pages.stores()) << " wrong=" << number(pages.wrong());
    guest::print(line);
}

void obey(Work& work) {
    const auto line = guest::take_line();
    if (!line)
        return;
    if (*line == "check")
        work.begin_check();
    else
        guest::print("writer: the command is check");
}

} // namespace
} // namespace writer

namespace guest {

void unexpected_interrupt(const InterruptFrame& frame) {
    Line line;
    line << "writer: BAD ";
    describe(line, frame);
    print(line);
    bail_out("writer cannot go on");
}

void guest_main(const Machine& machine) {
    using namespace writer;
    const auto habit = Habit::parse(machine.tree->text("/chosen", "bootargs"));
    if (!habit)
        bail_out("bootargs are writes=idle|mixed|PERCENT rate=N");
    print("writer: start");
    map_memory(machine);
    pages.begin(machine);
    Line ready;
    ready << "writer: ready pages=" << number(pages.count()) << " frequency=" << number(machine.timebase_frequency);
    print(ready);

    Work work(*habit, machine.timebase_frequency);
    const auto period = machine.timebase_frequency / ticks_per_second;
    auto due = timebase();
    for (std::int64_t n = 1;; ++n) {
        due += period;
        if (due < timebase()) // stopped for a while: no burst of ticks to catch up
            due = timebase() + period;
        do
            work.unit();
        while (timebase() < due);
        say_tick(n);
        obey(work);
        if (static_cast<std::uint64_t>(n) % ticks_of_a_report == 0)
            report(work);
    }
}

} // namespace guest
