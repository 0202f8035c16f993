// SPDX-License-Identifier: Apache-2.0
#include "machine_pair.hpp"

#include "failure.hpp"
#include "port.hpp"
#include "progress.hpp"
#include "qemu.hpp"
#include "qmp_client.hpp"

#include <fmt/format.h>
#include <span>
#include <thread>

namespace transom::tool {
namespace {

constexpr std::array<std::string_view, 2> names = {"A", "B"};

std::string version_text(const QemuVersion& version) { return fmt::format("{}.{}", version.major, version.minor); }

unsigned number_of(std::size_t index) { return static_cast<unsigned>(index + 1); }

/// What the processors of a machine hold, three times, as QEMU says it: whether it is somewhere for ever, and where.
std::string registers(Machine& machine, const std::filesystem::path& monitor) {
    constexpr auto patience = std::chrono::seconds(2);
    constexpr auto pause = std::chrono::milliseconds(50);
    constexpr int looks = 3;
    std::string text;
    try {
        machine.check_running();
        QmpClient qemu(monitor, Clock::now() + patience);
        for (int look = 0; look < looks; ++look) {
            text += qemu.command("human-monitor-command", {{"command-line", "info registers -a"}}).get<std::string>();
            std::this_thread::sleep_for(pause);
        }
    } catch (const Failure& failure) {
        text += fmt::format("QEMU does not say more: {}\n", failure.what());
    }
    return text;
}

} // namespace

MachinePair::MachinePair(const MigrateOptions& options, const MachineSetup& common)
    : consoles_(options.consoles), capture_(options.capture), stranger_(options.stranger),
      counts_(options.count_instructions), setups_{common, common} {
    if (!options.target_qemu.empty())
        setups_[1].qemu = options.target_qemu;
    if (counts_)
        for (MachineSetup& setup : setups_) {
            const std::string path = find_counting_qemu(setup.qemu);
            if (path.empty())
                fail("{} cannot count instructions, QEMU 10 can: tools/setup --qemu10", setup.qemu);
            setup.qemu = path;
        }
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        machines_[i].qemu = version_text(check_qemu(setups_[i].qemu));
        machines_[i].link_address = identity_of(number_of(i)).link_address;
    }
    if (!options.link.empty())
        rules_ = parse_link_rules(options.link);
    prepare_consoles();
    if (!capture_.empty())
        write_private_file(capture_, {}); // QEMU's own complaint would come late
}

std::string MachinePair::keep_consoles(std::string_view which) {
    if (consoles_.empty())
        return {};
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        const std::string text = machines_[i].machine == nullptr ? killed_[i] : machines_[i].machine->console().raw();
        write_file(console_file(names[i], which), std::as_bytes(std::span(text)));
        const std::string held =
            machines_[i].machine == nullptr ? std::string{} : registers(*machines_[i].machine, monitor_socket(i));
        write_file(console_file(names[i], which).replace_extension("registers"), std::as_bytes(std::span(held)));
    }
    return fmt::format("{} and {}", console_file(names[0], which).string(), console_file(names[1], which).string());
}

void MachinePair::kill(std::size_t index) {
    PairedMachine& paired = machines_.at(index);
    killed_.at(index) = paired.machine->console().raw();
    paired.management.reset();
    paired.machine.reset();
}

std::filesystem::path MachinePair::console_file(std::string_view machine, std::string_view which) const {
    return std::filesystem::path(consoles_) / fmt::format("{}{}.console", machine, which);
}

/// Who keeps consoles wants to know where machines are that say nothing.
std::vector<std::string> MachinePair::arguments(std::size_t index, const MachineSetup& setup) const {
    std::vector<std::string> list = counts_ ? counting(qemu_arguments(setup)) : qemu_arguments(setup);
    if (!consoles_.empty())
        list.insert(list.end(), {"-qmp", fmt::format("unix:{},server=on,wait=off", monitor_socket(index).string())});
    return list;
}

std::filesystem::path MachinePair::monitor_socket(std::size_t index) const {
    return directory_.path() / fmt::format("monitor-{}", names[index]);
}

/// Before anything is started: whether it can be done, and nothing of an earlier move stays.
void MachinePair::prepare_consoles() const {
    if (consoles_.empty())
        return;
    std::error_code error;
    std::filesystem::create_directories(consoles_, error);
    if (error)
        fail("cannot make the directory {} for the consoles: {}", consoles_, error.message());
    for (const std::string_view machine : names)
        write_file(console_file(machine), {});
}

MachineSetup MachinePair::setup_of(std::size_t index, const std::vector<std::byte>& bundle) {
    MachineSetup setup = setups_[index];
    setup.number = number_of(index);
    setup.bundle = directory_.path() / fmt::format("bundle-{}", setup.number);
    std::filesystem::remove(setup.bundle); // an earlier start's, with its keys
    write_private_file(setup.bundle, bundle);
    setup.link = LinkSocket{link_socket(index), !rules_ && index == 0};
    if (index == 0)
        setup.capture = capture_;
    do
        setup.management_port = free_port();
    while (setup.management_port == last_port_);
    last_port_ = *setup.management_port;
    return setup;
}

/// Of a machine: A has made it and B comes to it, or there is one for each between which frames are handed on.
std::filesystem::path MachinePair::link_socket(std::size_t index) const {
    return directory_.path() / (rules_ ? fmt::format("link-{}", names[index]) : "link");
}

/// The socket must be there before the other end connects.
void MachinePair::wait_for_link(Clock::time_point until) {
    Machine& listener = *machines_[0].machine;
    while (!std::filesystem::exists(link_socket(0))) {
        listener.check_running();
        if (Clock::now() >= until)
            listener.fail_with_console("QEMU does not open the link");
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

void MachinePair::start(const ManifestFile& manifest, Clock::time_point until) {
    for (PairedMachine& paired : machines_) { // of an earlier start
        paired.management.reset();
        paired.machine.reset();
    }
    auto [key_of_a, key_of_b] = fresh_pair();
    const std::array operators = {fresh_operator(key_of_a), fresh_operator(key_of_b)};
    if (stranger_ == "source")
        key_of_b.peers = {public_key(fresh_private_key())};
    if (stranger_ == "target")
        key_of_a.peers = {public_key(fresh_private_key())};
    const std::array setups = {setup_of(0, build_bundle(manifest, identity_of(number_of(0)), key_of_a)),
                               setup_of(1, build_empty_bundle(identity_of(number_of(1)), key_of_b))};
    link_.reset();
    for (std::size_t i = 0; i < machines_.size(); ++i)
        std::filesystem::remove(link_socket(i));
    if (rules_)
        link_ = std::make_unique<LinkProxy>(*rules_, std::array{link_socket(0), link_socket(1)});
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        machines_[i].machine = std::make_unique<Machine>(std::string(names[i]), arguments(i, setups[i]));
        wait_for_link(until);
    }
    Progress progress("machines A and B start");
    const auto still_there = [this] {
        for (const PairedMachine& paired : machines_)
            paired.machine->check_running();
    };
    for (std::size_t i = 0; i < machines_.size(); ++i)
        machines_[i].management =
            std::make_unique<ManagementClient>(*setups[i].management_port, operators[i], until, still_there);
    progress.done(fmt::format("{:.1f} s, {} with a {}, QEMU {} and {}", seconds_since(machines_[0].machine->started()),
                              machine_name(setups[0].kind), machines_[0].management->hello().text("cpu"),
                              machines_[0].qemu, machines_[1].qemu));
}

} // namespace transom::tool
