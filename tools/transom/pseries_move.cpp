// SPDX-License-Identifier: Apache-2.0
#include "pseries_move.hpp"

#include "examples.hpp"
#include "failure.hpp"
#include "guest_work.hpp"
#include "manifest_source.hpp"
#include "moving_guest.hpp"
#include "progress.hpp"
#include "pseries_linux.hpp"
#include "qmp_client.hpp"
#include "shell.hpp"
#include "temporary_directory.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <thread>
#include <transom/tree/manifest.hpp>

namespace transom::tool {
namespace {

constexpr auto boot_time = std::chrono::minutes(3), move_time = std::chrono::minutes(3),
               answer_time = std::chrono::minutes(1);
constexpr auto poll_interval = std::chrono::milliseconds(50);
constexpr std::chrono::milliseconds usual(1000), afterwards(1500); // of ticks
constexpr std::uint64_t any_timebase = 512'000'000;                // Linux prints nanoseconds
constexpr std::string_view sum = "seq 1 1000 | awk '{s+=$1} END {print s}'", right_sum = "500500";

std::vector<std::string> arguments_of(const MachineOptions& machines, const BenchGuest& guest) {
    const MachineSetup setup = prepare_partition_machine(machines, "bench migrate");
    ManifestFile manifest{"debian.dts", ".", compile_manifest_text("debian.dts", debian_manifest)};
    manifest = with_virtual_processors(with_memory(std::move(manifest), static_cast<unsigned>(guest.memory_mib)),
                                       guest.virtual_processors);
    const auto parsed = tree::Manifest::parse(manifest.blob);
    if (!parsed || parsed->partitions().size() != 1)
        fail("the manifest of Linux has no partition");
    return pseries_linux_arguments(setup, manifest, parsed->partitions()[0]);
}

std::vector<std::string> with(std::vector<std::string> arguments, std::initializer_list<std::string> more) {
    arguments.insert(arguments.end(), more);
    return arguments;
}

std::string monitor(const std::filesystem::path& socket) {
    return fmt::format("unix:{},server=on,wait=off", socket.string());
}

class PseriesPair {
  public:
    PseriesPair(const std::vector<std::string>& arguments, const BenchGuest& guest, Clock::time_point end)
        : what_(guest), end_(end), source_("pseries A", with(arguments, {"-qmp", monitor(directory_.path() / "a")})),
          target_("pseries B", with(arguments, {"-qmp", monitor(directory_.path() / "b"), "-incoming", link()})) {}
    BenchCell move();

  private:
    std::string link() const { return fmt::format("unix:{}", (directory_.path() / "link").string()); }
    void boot();
    nlohmann::json watch(QmpClient& monitor);
    void check(BenchCell& cell);

    const BenchGuest& what_;
    Clock::time_point end_;
    TemporaryDirectory directory_;
    Machine source_, target_;
    std::optional<GuestWork> work_;
};

void PseriesPair::boot() {
    const auto until = std::min(end_, Clock::now() + boot_time);
    wait_visibly(source_, "Linux boots on QEMU's pseries", "\ntransom# ", until);
    Shell(source_).run("echo 4 >/proc/sys/kernel/printk", until);
    if (what_.virtual_processors > 1)
        work_.emplace(what_.virtual_processors).start(source_, until);
}

/// Until it is over; what QEMU says of it then.
nlohmann::json PseriesPair::watch(QmpClient& monitor) {
    Progress progress("QEMU moves it");
    for (const auto until = std::min(end_, Clock::now() + move_time);;) {
        source_.check_running();
        target_.check_running();
        nlohmann::json said = monitor.command("query-migrate");
        const std::string status = said.value("status", "none");
        if (status == "completed") {
            progress.done(fmt::format("{} ms", said.value("total-time", 0)));
            return said;
        }
        if (status == "failed" || status == "cancelled")
            fail("QEMU's own migration is {}: {}", status, said.value("error-desc", "it does not say why"));
        progress.update();
        if (Clock::now() >= until) {
            monitor.command("migrate_cancel");
            said["outrun"] = true;
            return said;
        }
        std::this_thread::sleep_for(poll_interval);
    }
}

/// What is wrong with the guest is QEMU's doing, and no failure of the bench.
void PseriesPair::check(BenchCell& cell) {
    const auto until = Clock::now() + answer_time;
    Machine& here = cell.result == "outrun" ? source_ : target_;
    try {
        Shell shell(here);
        shell.interrupt(until);
        cell.move.alive_after = shell.run(sum, until) == right_sum;
        if (work_)
            cell.complaints = work_->check(here, until).complaints();
    } catch (const Failure&) {
        cell.move.alive_after = false;
    }
    if (!cell.move.alive_after)
        cell.complaints.emplace_back("the guest does not answer any more");
    if (!cell.complaints.empty())
        cell.result = "broken";
}

BenchCell PseriesPair::move() {
    boot();
    BenchCell cell{.guest = what_, .way = "pre-copy", .mover = "qemu", .result = {}, .move = {}, .complaints = {}};
    QmpClient monitor(directory_.path() / "a", Clock::now() + answer_time);
    const std::size_t from = Shell(source_).start("ticker 10");
    std::this_thread::sleep_for(usual);
    const auto asked = Clock::now();
    monitor.command("migrate", {{"uri", link()}});
    const nlohmann::json said = watch(monitor);
    MoveReport& move = cell.move;
    move.total_s = seconds_since(asked);
    std::this_thread::sleep_for(afterwards);
    cell.result = said.contains("outrun") ? "outrun" : "moved";
    const ConsoleFilter source = source_.console().snapshot(), target = target_.console().snapshot();
    move.ticks = analyse_ticks(collect_ticks({source, from}, {target, 0}, any_timebase), asked);
    move.mode = move.order = "qemu";
    move.memory_bytes = what_.memory_mib << 20;
    const nlohmann::json ram = said.value("ram", nlohmann::json::object());
    const std::uint64_t page = ram.value("page-size", std::uint64_t{4096});
    move.wire_bytes = ram.value("transferred", std::uint64_t{0});
    move.pages_total = ram.value("total", std::uint64_t{0}) / page;
    move.pages_sent = ram.value("normal", std::uint64_t{0});
    move.zero_pages = ram.value("duplicate", std::uint64_t{0});
    move.passes = ram.value("dirty-sync-count", std::uint64_t{0});
    const std::uint64_t sent = move.pages_sent + move.zero_pages;
    move.pages_resent = sent - std::min(sent, move.pages_total);
    cell.peer_downtime_ms = said.value("downtime", 0.0);
    check(cell);
    return cell;
}

} // namespace

BenchCell pseries_move(const MachineOptions& machines, const BenchGuest& guest, Clock::time_point until) {
    return PseriesPair(arguments_of(machines, guest), guest, until).move();
}

} // namespace transom::tool
