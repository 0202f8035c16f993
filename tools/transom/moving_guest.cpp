// SPDX-License-Identifier: Apache-2.0
#include "moving_guest.hpp"

#include "examples.hpp"
#include "failure.hpp"
#include "progress.hpp"
#include "shell.hpp"

#include <charconv>
#include <fmt/format.h>

namespace transom::tool {
namespace {

constexpr auto slice = std::chrono::milliseconds(200);

/// Waits with a sign of life for text on a machine's terminal; returns the position behind it.
std::size_t wait_visibly(Machine& machine, const std::string& label, std::string_view text, Clock::time_point until) {
    Progress progress(label);
    for (;;) {
        if (const auto found = machine.console().wait_for(text, 0, Clock::now() + slice)) {
            progress.done(fmt::format("{:.1f} s", seconds_since(machine.started())));
            return *found;
        }
        machine.check_running();
        progress.update();
        if (Clock::now() >= until)
            machine.fail_with_console("the partition did not start");
    }
}

void show(const Machine& machine, std::string_view command, const std::string& output) {
    fmt::print("  {} $ {}\n  {} | {}\n", machine.name(), command, machine.name(), output);
    std::fflush(stdout);
}

class LinuxGuest : public MovingGuest {
  public:
    std::string_view partition() const override { return "debian"; }
    std::string_view manifest() const override { return debian_manifest; }

    std::size_t start(Machine& source, MoveReport& report, Clock::time_point until) override {
        wait_visibly(source, "Linux boots on " + source.name(), "\ntransom# ", until);
        Shell shell(source);
        ask(shell, source, "uname -a", until);
        report.boot_id_source = ask(shell, source, boot_id, until);
        report.uptime_source_s = uptime(ask(shell, source, uptime_command, until));
        return shell.start("ticker 10");
    }

    void check(Machine& target, MoveReport& report, Clock::time_point until) override {
        Shell shell(target);
        shell.interrupt(until);
        ask(shell, target, "uname -a", until);
        report.boot_id_target = ask(shell, target, boot_id, until);
        report.uptime_target_s = uptime(ask(shell, target, uptime_command, until));
        // Something that cannot have been in a buffer anywhere: computed there, from a process of its own.
        report.alive_after = ask(shell, target, "seq 1 1000 | awk '{s+=$1} END {print s}'", until) == "500500";
    }

    bool power_off(Machine& target, Clock::time_point until) override {
        Shell(target).start("poweroff");
        target.wait_for_power_off(until);
        return true;
    }

  private:
    static constexpr std::string_view boot_id = "cat /proc/sys/kernel/random/boot_id";
    static constexpr std::string_view uptime_command = "cat /proc/uptime";

    static std::string ask(Shell& shell, const Machine& machine, std::string_view command, Clock::time_point until) {
        std::string output = shell.run(command, until);
        show(machine, command, output);
        return output;
    }

    /// The first number of /proc/uptime, seconds.
    static double uptime(const std::string& text) {
        double seconds = 0;
        if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc{})
            fail("/proc/uptime says '{}'", text);
        return seconds;
    }
};

class SpinGuest : public MovingGuest {
  public:
    std::string_view partition() const override { return "spin"; }
    std::string_view manifest() const override { return spin_manifest; }

    std::size_t start(Machine& source, MoveReport&, Clock::time_point until) override {
        wait_visibly(source, "the guest starts on " + source.name(), "spin: start", until);
        wait_visibly(source, "first check of its memory", good, until);
        return 0;
    }

    void check(Machine& target, MoveReport& report, Clock::time_point until) override {
        // Two: the first may be about what it checked at the source.
        const auto first = target.console().wait_for(good, 0, until);
        const auto second = first ? target.console().wait_for(good, *first, until) : std::nullopt;
        report.alive_after = second && target.console().terminal_from(0).find("spin: BAD") == std::string::npos;
    }

    bool power_off(Machine&, Clock::time_point) override { return true; } // runs until it is killed

  private:
    static constexpr std::string_view good = "spin: ok";
};

} // namespace

std::unique_ptr<MovingGuest> make_guest(std::string_view name) {
    if (name == "linux")
        return std::make_unique<LinuxGuest>();
    if (name == "spin")
        return std::make_unique<SpinGuest>();
    fail("there is no guest '{}' (there are linux, spin)", name);
}

} // namespace transom::tool
