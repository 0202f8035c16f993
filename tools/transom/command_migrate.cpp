// SPDX-License-Identifier: Apache-2.0
#include "bundle.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "json_file.hpp"
#include "management_client.hpp"
#include "manifest_source.hpp"
#include "moving_guest.hpp"
#include "port.hpp"
#include "progress.hpp"
#include "temporary_directory.hpp"
#include "time_limit.hpp"

#include <fmt/format.h>
#include <memory>
#include <optional>
#include <span>
#include <thread>

namespace transom::tool {
namespace {

constexpr auto default_limit = std::chrono::seconds(300);
constexpr auto poll_interval = std::chrono::milliseconds(100);
constexpr auto ticks_before = std::chrono::milliseconds(1000); // to know the usual gap
constexpr auto ticks_after = std::chrono::milliseconds(1500);
constexpr auto answer_time = std::chrono::seconds(30);
constexpr unsigned source_number = 1, target_number = 2;
constexpr const char *source_name = "A", *target_name = "B";

class MoveCommand {
  public:
    explicit MoveCommand(const MigrateOptions& options);
    MoveReport move();
    /// Writes all that the machines' consoles have said so far to files, if that was asked for.
    void keep_consoles();

  private:
    std::filesystem::path console_file(std::string_view machine) const;
    void prepare_consoles() const;
    MachineSetup setup_of(unsigned number, const std::vector<std::byte>& bundle);
    void start_machines();
    void ask_for_move();
    /// Polls both ends until the source says completed and the target too.
    void watch_move();
    void compare_digests();
    void wait_for_ticks(Machine& machine, Clock::duration how_long);
    void look_at_source();

    const MigrateOptions& options_;
    Clock::time_point until_, asked_;
    MachineSetup common_;
    std::uint16_t last_port_ = 0; // two machines must not be given the same one
    std::unique_ptr<MovingGuest> guest_;
    TemporaryDirectory directory_;
    std::unique_ptr<Machine> source_, target_;
    std::unique_ptr<ManagementClient> source_management_, target_management_;
    MoveReport report_;
};

MoveCommand::MoveCommand(const MigrateOptions& options)
    : options_(options), until_(Clock::now() + time_limit(options.common, default_limit)),
      common_(prepare_partition_machine(options.common, "migrate")), guest_(make_guest(options.guest)) {
    prepare_consoles();
    report_.guest = options.guest;
    report_.machine = machine_name(common_.kind);
}

void MoveCommand::keep_consoles() {
    if (options_.consoles.empty())
        return;
    for (Machine* machine : {source_.get(), target_.get()})
        if (machine != nullptr) {
            const std::string text = machine->console().raw();
            write_file(console_file(machine->name()), std::as_bytes(std::span(text)));
        }
}

std::filesystem::path MoveCommand::console_file(std::string_view machine) const {
    return std::filesystem::path(options_.consoles) / fmt::format("{}.console", machine);
}

/// Before anything is started: whether it can be done, and nothing of an earlier move stays.
void MoveCommand::prepare_consoles() const {
    if (options_.consoles.empty())
        return;
    std::error_code error;
    std::filesystem::create_directories(options_.consoles, error);
    if (error)
        fail("cannot make the directory {} for the consoles: {}", options_.consoles, error.message());
    for (const std::string_view machine : {source_name, target_name})
        write_file(console_file(machine), {});
}

MachineSetup MoveCommand::setup_of(unsigned number, const std::vector<std::byte>& bundle) {
    MachineSetup setup = common_;
    setup.number = number;
    setup.bundle = directory_.path() / fmt::format("bundle-{}", number);
    write_file(setup.bundle, bundle);
    setup.link = LinkSocket{directory_.path() / "link", number == source_number};
    do
        setup.management_port = free_port();
    while (setup.management_port == last_port_);
    last_port_ = *setup.management_port;
    return setup;
}

void MoveCommand::start_machines() {
    const ManifestFile manifest = {options_.guest + ".dts", ".",
                                   compile_manifest_text(options_.guest + ".dts", guest_->manifest())};
    const MachineSetup source = setup_of(source_number, build_bundle(manifest, identity_of(source_number)));
    const MachineSetup target = setup_of(target_number, build_empty_bundle(identity_of(target_number)));
    source_ = std::make_unique<Machine>(source_name, qemu_arguments(source));
    // The socket must be there before the other end connects.
    while (!std::filesystem::exists(source.link->path)) {
        source_->check_running();
        if (Clock::now() >= until_)
            source_->fail_with_console("QEMU does not open the link");
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    target_ = std::make_unique<Machine>(target_name, qemu_arguments(target));
    const auto still_there = [this] {
        source_->check_running();
        target_->check_running();
    };
    Progress progress("machines A and B start");
    source_management_ = std::make_unique<ManagementClient>(*source.management_port, until_, still_there);
    target_management_ = std::make_unique<ManagementClient>(*target.management_port, until_, still_there);
    progress.done(fmt::format("{:.1f} s, {} with a {} and QEMU's {}", seconds_since(source_->started()),
                              report_.machine, source_management_->hello().text("cpu"), common_.qemu));
}

void MoveCommand::wait_for_ticks(Machine& machine, Clock::duration how_long) {
    const auto enough = Clock::now() + how_long;
    while (Clock::now() < enough || machine.console().terminal_from(0).find("\ntick ") == std::string::npos) {
        machine.check_running();
        if (Clock::now() >= until_)
            machine.fail_with_console("no ticks come");
        std::this_thread::sleep_for(poll_interval);
    }
}

void MoveCommand::ask_for_move() {
    for (const Fields& row : source_management_->demand("status").rows())
        if (row.text("partition") == guest_->partition())
            report_.memory_bytes = row.number("memory").value_or(0);
    if (report_.memory_bytes == 0)
        fail("machine A does not list the partition {}", guest_->partition());
    std::string request =
        fmt::format("migrate partition={} to={}", guest_->partition(), identity_of(target_number).link_address);
    if (options_.corrupt_page)
        request += fmt::format(" test-corrupt-page={}", *options_.corrupt_page);
    asked_ = Clock::now();
    source_management_->demand(request);
}

void MoveCommand::watch_move() {
    Progress progress("moving from A to B");
    for (;;) {
        source_->check_running();
        target_->check_running();
        const Fields source = source_management_->demand("migration").result();
        const std::string state = source.text("state");
        const double seconds = seconds_since(asked_);
        const auto done = source.number("pages_done").value_or(0), all = source.number("pages_total").value_or(0);
        const auto bytes = source.number("bytes").value_or(0);
        const std::string detail =
            fmt::format("{} of {} pages, {:.1f} MB/s", done, all, static_cast<double>(bytes) / 1e6 / seconds);
        const double fraction = all > 0 ? static_cast<double>(done) / static_cast<double>(all) : 0;
        if (state != "connecting" && state != "copying" && state != "confirming" && state != "completed")
            fail("the move is {}: {} ({})", state, source.text("error"), source.text("error_name"));
        if (state == "completed") {
            const Fields target = target_management_->demand("migration").result();
            if (target.text("state") == "failed" || target.text("state") == "refused")
                fail("the move is {} at the target: {} ({})", target.text("state"), target.text("error"),
                     target.text("error_name"));
            if (target.text("state") == "completed") {
                report_.total_s = seconds_since(asked_);
                report_.wire_bytes = bytes;
                report_.zero_pages = source.number("zero_pages").value_or(0);
                const auto ticks =
                    target.has("downtime_ticks") ? target.number("downtime_ticks") : source.number("downtime_ticks");
                const auto frequency = target_management_->hello().number("timebase");
                if (!ticks || !frequency || *frequency == 0)
                    fail("the machines do not say how long the partition stood still");
                report_.internal_downtime_ms = static_cast<double>(*ticks) * 1e3 / static_cast<double>(*frequency);
                progress.done(fmt::format("{} {}", progress_bar(fraction), detail));
                return;
            }
        }
        progress.update(fraction, detail);
        if (Clock::now() >= until_)
            fail("the move did not end in time: state {} at the source", state);
        std::this_thread::sleep_for(poll_interval);
    }
}

void MoveCommand::compare_digests() {
    const std::string request = fmt::format("digest partition={}", guest_->partition());
    const auto source = DigestTable::parse(source_management_->demand(request));
    const auto target = DigestTable::parse(target_management_->demand(request));
    report_.digest = compare(source, target);
    if (report_.digest.mismatch.empty() && report_.digest.pages * source.granule != report_.memory_bytes)
        report_.digest.mismatch = fmt::format("{} pages are not the whole memory", report_.digest.pages);
}

void MoveCommand::look_at_source() {
    report_.source_let_go = true;
    for (const Fields& row : source_management_->demand("status").rows())
        if (row.text("partition") == guest_->partition() && row.text("state") == "running")
            report_.source_let_go = false;
}

MoveReport MoveCommand::move() {
    start_machines();
    const std::size_t ticks_from = guest_->start(*source_, report_, until_);
    wait_for_ticks(*source_, ticks_before);
    ask_for_move();
    watch_move();
    wait_for_ticks(*target_, ticks_after);
    // Everything that the source may still have to say has been said: from here on the ticks may stop.
    const auto timebase = source_management_->hello().number("timebase");
    if (!timebase || *timebase == 0)
        fail("machine A does not say how fast its time base is");
    report_.ticks = analyse_ticks(
        collect_ticks(source_->console().snapshot(), ticks_from, target_->console().snapshot(), *timebase), asked_);
    compare_digests();
    look_at_source();
    guest_->check(*target_, report_, std::min(until_, Clock::now() + answer_time));
    report_.powered_off = guest_->power_off(*target_, Clock::now() + answer_time);
    source_management_->demand("shutdown");
    source_->wait_for_power_off(Clock::now() + answer_time);
    return report_;
}

void keep_consoles_of_failed(MoveCommand& command, const Failure& failure) {
    try {
        command.keep_consoles();
    } catch (const Failure& other) {
        fail("{}; and its consoles were not kept: {}", failure.what(), other.what());
    }
}

} // namespace

int migrate(const MigrateOptions& options) {
    const JsonFile json(options.common.json);
    MoveReport report;
    std::optional<MoveCommand> command;
    try {
        command.emplace(options);
        report = command->move();
    } catch (const Failure& failure) {
        json.write({{"result", "failed"}, {"guest", options.guest}, {"error", failure.what()}});
        if (command)
            keep_consoles_of_failed(*command, failure);
        throw;
    }
    fmt::print("\n{}", report.text());
    json.write(report.json());
    command->keep_consoles();
    const auto complaints = report.complaints();
    if (!complaints.empty())
        fail("the move is not right: {}", fmt::join(complaints, "; "));
    return 0;
}

} // namespace transom::tool
