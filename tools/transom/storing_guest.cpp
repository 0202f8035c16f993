// SPDX-License-Identifier: Apache-2.0
#include "storing_guest.hpp"

#include "call_costs.hpp"
#include "examples.hpp"
#include "qemu.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <thread>

namespace transom::tool {
namespace {

constexpr auto answer_time = std::chrono::seconds(60);
constexpr auto between_looks = std::chrono::milliseconds(20);
constexpr auto time_to_compare = std::chrono::seconds(3);

class StoringGuest : public MovingGuest {
  public:
    explicit StoringGuest(StoringTask task) : manifest_(storing_manifest), counts_(task.counts) {
        if (!task.forgets)
            return;
        constexpr std::string_view last = "kernel = ";
        manifest_.insert(manifest_.find(last), "bootargs = \"forget-a-store\";\n            ");
    }

    std::string_view partition() const override { return "storing"; }
    std::string_view manifest() const override { return manifest_; }
    Pauses pauses() const override { return {}; } // it looks at itself all the time

    void boot(Machine& machine, Clock::time_point until) override {
        wait_visibly(machine, "the guest starts on " + machine.name(), "storing: start", until);
        // All of the memory has been stored to, and looked at once.
        wait_visibly(machine, "first check of its memory", "rounds=2,", until);
    }

    std::size_t start_ticks(Machine& source, MoveReport&, Clock::time_point) override {
        before_ = StoringReport::last_in(source.console().terminal_from(0)).value_or(StoringReport{});
        return source.console().mark();
    }

    /// Both of its processors have to go on.
    void check(Machine& target, std::size_t from, MoveReport& report, Clock::time_point until) override {
        const auto enough = std::min(until, Clock::now() + answer_time);
        std::optional<StoringReport> first;
        while (Clock::now() < enough) {
            target.check_running();
            const std::string text = target.console().terminal_from(from);
            if (const auto now = StoringReport::last_in(text)) {
                report.storing = *now;
                if (!first)
                    first = now;
                report.alive_after = now->went_on_since(*first) && now->went_on_since(before_);
                if (report.alive_after)
                    break;
            }
            std::this_thread::sleep_for(between_looks);
        }
        report.rc_mismatches += report.storing ? report.storing->rc_mismatches : 0;
        const bool wrong = report.storing && !report.storing->complaints().empty();
        if (!report.alive_after && !wrong && enough == until)
            target.fail_with_console("the time limit (--timeout) came before both processors were seen to go on");
        if (counts_)
            count_calls(target, report, until);
    }

    void finish(Machine&, MoveReport&, Clock::time_point) override {}

    bool power_off(Machine&, Clock::time_point) override { return true; } // runs until it is killed

  private:
    /// What its calls took while the page tables were put together, and since.
    static void count_calls(Machine& target, MoveReport& report, Clock::time_point until) {
        constexpr double ns = 1e9, ticks_per_second = 512e6;
        std::this_thread::sleep_for(time_to_compare);
        std::optional<std::pair<std::uint64_t, std::uint64_t>> drain;
        for (const TimedLine& line : target.console().log())
            if (const auto time = drain_time(line.text))
                drain = time;
        if (!drain)
            return; // it began with its own page table
        const CallCosts draining = costs(target, drain->first, drain->second, until);
        const CallCosts normal = costs(target, drain->second, ~std::uint64_t{0} >> 1, until);
        report.call_costs = call_costs_json(normal, draining, ns / ticks_per_second / icount_ns);
    }
    static CallCosts costs(Machine& target, std::uint64_t from, std::uint64_t to, Clock::time_point until) {
        const std::size_t mark = target.console().mark();
        target.console().send(fmt::format("costs {} {}\n", from, to));
        if (!target.console().wait_for("storing: costs end", mark, until))
            target.fail_with_console("the guest does not say what its calls took");
        return parse_call_costs(target.console().terminal_from(mark));
    }

    std::string manifest_;
    bool counts_;
    StoringReport before_;
};

} // namespace

std::unique_ptr<MovingGuest> make_storing_guest(StoringTask task) { return std::make_unique<StoringGuest>(task); }

} // namespace transom::tool
