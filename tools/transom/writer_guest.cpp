// SPDX-License-Identifier: Apache-2.0
#include "writer_guest.hpp"

#include "examples.hpp"
#include "failure.hpp"
#include "management_answer.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <thread>

namespace transom::tool {
namespace {

constexpr auto answer_time = std::chrono::seconds(120); // for 2 GiB on a busy host
constexpr std::array<std::string_view, 5> known = {"idle", "10", "50", "90", "mixed"};

class WriterGuest : public MovingGuest {
  public:
    WriterGuest(std::string_view writes, unsigned rate) : manifest_(writer_manifest) {
        constexpr std::string_view example = "writes=mixed rate=400";
        manifest_.replace(manifest_.find(example), example.size(), fmt::format("writes={} rate={}", writes, rate));
    }

    std::string_view partition() const override { return "writer"; }
    std::string_view manifest() const override { return manifest_; }

    void boot(Machine& machine, Clock::time_point until) override {
        wait_visibly(machine, "the guest starts on " + machine.name(), "writer: start", until);
        wait_visibly(machine, "it fills its memory", "writer: ready", until);
    }

    // They never stop.
    std::size_t start_ticks(Machine& source, MoveReport&, Clock::time_point) override {
        return source.console().mark();
    }

    /// All of its pages are looked at, word by word.
    void check(Machine& target, std::size_t from, MoveReport& report, Clock::time_point until) override {
        constexpr std::string_view answer = "writer: checked ";
        const auto enough = std::min(until, Clock::now() + answer_time);
        const std::size_t mark = target.console().mark();
        target.console().send("check\n");
        const auto found = target.console().wait_for(answer, mark, enough);
        if (!found || !target.console().wait_for("\n", *found, enough))
            return;
        const std::string text = target.console().terminal_from(*found);
        const Fields fields = Fields::parse(std::string_view(text).substr(0, text.find('\n')));
        report.pages_checked = fields.number("pages").value_or(0);
        report.pages_wrong = fields.number("wrong").value_or(0);
        report.alive_after = report.pages_checked != 0;
        if (target.console().terminal_from(from).find("writer: BAD") != std::string::npos && report.pages_wrong == 0)
            report.pages_wrong = 1; // found by the way
    }

    void finish(Machine&, MoveReport&, Clock::time_point) override {}

    bool power_off(Machine&, Clock::time_point) override { return true; } // runs until it is killed

  private:
    std::string manifest_;
};

} // namespace

std::unique_ptr<MovingGuest> make_writer_guest(std::string_view writes, unsigned rate) {
    if (std::ranges::find(known, writes) == known.end())
        fail("the guest writer has no writes '{}' (there are {})", writes, fmt::join(known, ", "));
    if (rate == 0)
        fail("--write-rate 0: the guest writer stores at least once a second; --writes idle stores nothing");
    return std::make_unique<WriterGuest>(writes, rate);
}

} // namespace transom::tool
