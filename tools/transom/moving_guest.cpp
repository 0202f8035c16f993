// SPDX-License-Identifier: Apache-2.0
#include "moving_guest.hpp"

#include "examples.hpp"
#include "failure.hpp"
#include "guest_hotplug.hpp"
#include "guest_resize.hpp"
#include "guest_work.hpp"
#include "kernel_log.hpp"
#include "manifest_source.hpp"
#include "progress.hpp"
#include "shell.hpp"
#include "storing_guest.hpp"
#include "writer_guest.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace transom::tool {
namespace {

constexpr auto slice = std::chrono::milliseconds(200);

void show(const Machine& machine, std::string_view command, const std::string& output) {
    fmt::print("  {} $ {}\n  {} | {}\n", machine.name(), command, machine.name(), output);
    std::fflush(stdout);
}

/// The end of what may take that long, within `until`.
Clock::time_point within(Clock::duration how_long, Clock::time_point until) {
    return std::min(until, Clock::now() + how_long);
}

class LinuxGuest : public MovingGuest {
  public:
    /// With several virtual processors it works on all of them while it moves.
    explicit LinuxGuest(const MigrateOptions& options) : hotplug_(options.hotplug), reboot_(options.reboot) {
        if (const unsigned processors = options.virtual_processors.value_or(1); processors > 1)
            work_.emplace(processors);
        if (options.resize)
            resize_.emplace();
    }

    std::string_view partition() const override { return "debian"; }
    std::string_view manifest() const override { return debian_manifest; }

    void boot(Machine& machine, Clock::time_point until) override {
        wait_visibly(machine, "Linux boots on " + machine.name(), prompt, until);
        settle(machine, until);
    }

    std::size_t start_ticks(Machine& source, MoveReport& report, Clock::time_point until) override {
        if (resize_)
            report.resizes = resize_->resize(source, within(work_time, until));
        if (hotplug_)
            GuestHotplug::begin(source, within(answer_time, until));
        Shell shell(source);
        ask(shell, source, "uname -a", until);
        report.boot_id_source = ask(shell, source, boot_id, until);
        report.uptime_source_s = uptime(ask(shell, source, uptime_command, until));
        const std::size_t from = shell.start("ticker 10");
        // A move that fails at once is looked at at once: ^C, typed before the shell has begun the program, interrupts nobody.
        if (!source.console().wait_for("\ntick 2 ", from, within(answer_time, until)))
            source.fail_with_console("the ticker does not tick");
        return from;
    }

    void check(Machine& target, std::size_t, MoveReport& report, Clock::time_point until) override {
        const auto answers = within(answer_time, until);
        Shell shell(target);
        shell.interrupt(answers);
        ask(shell, target, "uname -a", answers);
        report.boot_id_target = ask(shell, target, boot_id, answers);
        report.uptime_target_s = uptime(ask(shell, target, uptime_command, answers));
        // Something that cannot have been in a buffer anywhere: computed there, from a process of its own.
        report.alive_after = ask(shell, target, "seq 1 1000 | awk '{s+=$1} END {print s}'", answers) == "500500";
        if (hotplug_)
            report.hotplug = GuestHotplug::end(target, within(work_time, until));
        if (work_)
            report.work = work_->check(target, within(work_time, until));
        if (report.resizes || report.hotplug)
            report.kernel_complaints = kernel_complaints(target, within(answer_time, until));
        if (reboot_)
            reboot(target, report, until);
    }

    void finish(Machine& machine, MoveReport& report, Clock::time_point until) override {
        if (work_)
            work_->stop(machine, report.work, within(work_time, until));
    }

    bool power_off(Machine& target, Clock::time_point until) override {
        Shell(target).start("poweroff");
        target.wait_for_power_off(until);
        return true;
    }

  private:
    /// Gives it what it is to do.
    void settle(Machine& machine, Clock::time_point until) {
        // A warning of the kernel's would stand in the middle of a line that is read.
        Shell(machine).run("echo 4 >/proc/sys/kernel/printk", within(answer_time, until));
        if (work_)
            work_->start(machine, until);
        if (resize_)
            resize_->start(machine, within(answer_time, until));
        if (hotplug_)
            GuestHotplug::prepare(machine, within(answer_time, until));
    }

    /// It is another one afterwards, at the same machine.
    void reboot(Machine& machine, MoveReport& report, Clock::time_point until) {
        const std::size_t from = Shell(machine).start("reboot");
        wait_visibly(machine, "Linux reboots on " + machine.name(), prompt, until, from);
        Shell shell(machine);
        report.boot_id_rebooted = ask(shell, machine, boot_id, within(answer_time, until));
        settle(machine, until);
    }

    static constexpr std::string_view prompt = "\ntransom# ";
    static constexpr auto answer_time = std::chrono::seconds(60), work_time = std::chrono::seconds(120);
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

    std::optional<GuestWork> work_;
    std::optional<GuestResize> resize_;
    bool hotplug_, reboot_;
};

class SpinGuest : public MovingGuest {
  public:
    SpinGuest(std::string_view partition, std::string_view manifest) : partition_(partition), manifest_(manifest) {}

    std::string_view partition() const override { return partition_; }
    std::string_view manifest() const override { return manifest_; }

    void boot(Machine& machine, Clock::time_point until) override {
        wait_visibly(machine, "the guest starts on " + machine.name(), "spin: start", until);
        wait_visibly(machine, "first check of its memory", good, until);
    }

    // They never stop.
    std::size_t start_ticks(Machine& source, MoveReport&, Clock::time_point) override {
        return source.console().mark();
    }

    void check(Machine& target, std::size_t from, MoveReport& report, Clock::time_point until) override {
        // Two: the first may be about what it checked at the source.
        const auto enough = within(answer_time, until);
        const auto first = target.console().wait_for(good, from, enough);
        const auto second = first ? target.console().wait_for(good, *first, enough) : std::nullopt;
        report.alive_after = second && target.console().terminal_from(from).find("spin: BAD") == std::string::npos;
    }

    void finish(Machine&, MoveReport&, Clock::time_point) override {}

    bool power_off(Machine&, Clock::time_point) override { return true; } // runs until it is killed

  private:
    static constexpr auto answer_time = std::chrono::seconds(30);
    static constexpr std::string_view good = "spin: ok";

    std::string_view partition_, manifest_;
};

} // namespace

std::size_t wait_visibly(Machine& machine, const std::string& label, std::string_view text, Clock::time_point until,
                         std::size_t from) {
    Progress progress(label);
    for (;;) {
        if (const auto found = machine.console().wait_for(text, from, Clock::now() + slice)) {
            progress.done(fmt::format("{:.1f} s", seconds_since(machine.started())));
            return *found;
        }
        machine.check_running();
        progress.update();
        if (Clock::now() >= until)
            machine.fail_with_console("the partition did not start");
    }
}

namespace {

void check_guest_options(const MigrateOptions& options) {
    const std::string& name = options.guest;
    if (options.resize && name != "linux")
        fail("the guest {} asks for no page table of another size: --test-resize is for linux", name);
    if ((options.hotplug || options.reboot) && name != "linux")
        fail("the guest {} cannot do that: --{} is for linux", name, options.hotplug ? "test-hotplug" : "test-reboot");
    if (options.hotplug && options.virtual_processors.value_or(1) < 2)
        fail("--test-hotplug takes the second virtual processor off and on: add --virtual-processors 2");
    if (options.forget_store && name != "storing")
        fail("--test-forget-store is for the guest storing, not {}", name);
    if (options.count_instructions && name != "storing" && name != "writer")
        fail("--count-instructions is for the guests storing and writer, not {}", name);
    if ((!options.writes.empty() || options.write_rate) && name != "writer")
        fail("{} is for the guest writer, not {}", options.writes.empty() ? "--write-rate" : "--writes", name);
    if (!options.guest_memory.empty() && (name != "linux" && name != "writer"))
        fail("the guest {} has the memory that it has: --guest-memory is for linux and writer", name);
}

/// One that has no use for others.
void check_processors(const MigrateOptions& options, unsigned count, std::string_view in_words) {
    if (options.virtual_processors.value_or(count) != count)
        fail("the guest {} runs on {}, not {}", options.guest, in_words, *options.virtual_processors);
}

} // namespace

std::unique_ptr<MovingGuest> make_guest(const MigrateOptions& options) {
    constexpr unsigned usual_rate = 400;
    constexpr std::string_view one = "one virtual processor", two = "two virtual processors";
    const std::string& name = options.guest;
    constexpr std::array known = {"linux", "spin", "small", "storing", "writer"};
    if (std::ranges::find(known, name) == known.end())
        fail("there is no guest '{}' (there are {})", name, fmt::join(known, ", "));
    check_guest_options(options);
    if (name == "linux")
        return std::make_unique<LinuxGuest>(options);
    check_processors(options, name == "storing" ? 2 : 1, name == "storing" ? two : one);
    if (name == "spin")
        return std::make_unique<SpinGuest>("spin", spin_manifest);
    if (name == "small")
        return std::make_unique<SpinGuest>("small", small_manifest);
    if (name == "writer")
        return make_writer_guest(options.writes.empty() ? "mixed" : options.writes,
                                 options.write_rate.value_or(usual_rate));
    return make_storing_guest({.forgets = options.forget_store, .counts = options.count_instructions});
}

ManifestFile guest_manifest(const MovingGuest& guest, const MigrateOptions& options) {
    const std::string name = options.guest + ".dts";
    ManifestFile manifest{name, ".", compile_manifest_text(name, guest.manifest())};
    if (!options.guest_memory.empty())
        manifest = with_memory(std::move(manifest), static_cast<unsigned>(parse_mib(options.guest_memory)));
    if (options.page_table_mib)
        manifest = with_page_table(std::move(manifest), *options.page_table_mib);
    if (options.virtual_processors)
        manifest = with_virtual_processors(std::move(manifest), *options.virtual_processors);
    check_memory(manifest, parse_memory(options.common.memory, parse_machine(options.common.machine)));
    return manifest;
}

} // namespace transom::tool
