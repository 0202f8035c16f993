// SPDX-License-Identifier: Apache-2.0
#include "machine_arguments.hpp"

#include "failure.hpp"

#include <array>
#include <charconv>
#include <ranges>

namespace transom::tool {
namespace {

constexpr std::array<std::pair<std::string_view, MachineKind>, 4> machines = {{
    {"powernv8", MachineKind::powernv8},
    {"powernv9", MachineKind::powernv9},
    {"powernv10", MachineKind::powernv10},
    {"pseries", MachineKind::pseries},
}};

constexpr std::uint16_t management_service = 7700; // docs/manage.md

std::optional<MachineKind> find_machine(std::string_view name) {
    for (const auto& [known, kind] : machines)
        if (known == name)
            return kind;
    return std::nullopt;
}

using Arguments = std::vector<std::string>;

void append(Arguments& arguments, std::initializer_list<std::string> more) { arguments.insert(arguments.end(), more); }

/// A card in a slot of its own; the kernel tells the two apart by their MAC addresses. romfile=: no network boot.
void add_card(Arguments& arguments, const MachineSetup& setup, unsigned slot, std::string_view netdev,
              unsigned mac_kind) {
    std::string bus;
    if (setup.kind == MachineKind::pseries) {
        bus = fmt::format("addr={}", 2 + slot);
    } else {
        append(arguments, {"-device", fmt::format("pnv-phb,chip-id=0,index={0},id=phb{0}", slot), "-device",
                           fmt::format("pnv-phb-root-port,bus=phb{0},id=rp{0}", slot)});
        bus = fmt::format("bus=rp{}", slot);
    }
    append(arguments,
           {"-device", fmt::format("virtio-net-pci,{},netdev={},mac=52:54:00:{}:00:0{},disable-legacy=on,romfile=", bus,
                                   netdev, mac_kind, setup.number)});
}

void add_network(Arguments& arguments, const MachineSetup& setup) {
    if (setup.link) {
        append(arguments, {"-netdev", fmt::format("stream,id=link,server={},addr.type=unix,addr.path={}",
                                                  setup.link->listens ? "on" : "off", setup.link->path.string())});
        add_card(arguments, setup, 0, "link", 77);
        if (!setup.capture.empty())
            append(arguments, {"-object", fmt::format("filter-dump,id=capture,netdev=link,maxlen=65536,file={}",
                                                      setup.capture.string())});
    }
    if (setup.management_port) {
        append(arguments, {"-netdev", fmt::format("user,id=mgmt,hostfwd=tcp:127.0.0.1:{}-:{}", *setup.management_port,
                                                  management_service)});
        add_card(arguments, setup, 1, "mgmt", 78);
    }
}

} // namespace

MachineKind parse_machine(std::string_view name) {
    if (const auto kind = find_machine(name))
        return *kind;
    fail("there is no machine '{}' (there are {})", name, fmt::join(std::views::keys(machines), ", "));
}

std::vector<MachineKind> partition_machines() {
    return {MachineKind::powernv8, MachineKind::powernv9, MachineKind::powernv10};
}

std::string partition_machine_names() {
    return fmt::format("{}", fmt::join(partition_machines() | std::views::transform(machine_name), ", "));
}

MachineKind parse_partition_machine(std::string_view name, std::string_view command, std::string_view why_not) {
    const auto kind = find_machine(name);
    if (!kind)
        fail("there is no machine '{}' for {} (there are {})", name, command, partition_machine_names());
    if (kind == MachineKind::pseries)
        fail("{} --machine pseries: {} (there are {})", command, why_not, partition_machine_names());
    return *kind;
}

std::string_view machine_name(MachineKind kind) {
    for (const auto& [name, other] : machines)
        if (other == kind)
            return name;
    return "?";
}

std::uint64_t parse_mib(std::string_view text) {
    std::uint64_t amount = 0;
    const char *const begin = text.data(), *const end = begin + text.size();
    const auto [unit, error] = std::from_chars(begin, end, amount);
    const std::string_view suffix(unit, end);
    if (error != std::errc{} || (!suffix.empty() && suffix != "M" && suffix != "G") || amount > 1u << 20)
        fail("'{}' is no amount of memory (like 2G or 1536M)", text);
    return suffix == "G" ? amount * 1024 : amount;
}

std::uint64_t parse_memory(std::string_view text, MachineKind kind) {
    const std::uint64_t mib = parse_mib(text);
    // QEMU 7.2 refuses less than this for powernv; skiboot and the kernel's place in memory need it too.
    const std::uint64_t least = kind == MachineKind::pseries ? 256 : 1024;
    if (mib < least)
        fail("{} is too little memory for a {} machine: {}M is the least", text, machine_name(kind), least);
    return mib;
}

std::string_view image_name(MachineKind kind) { return kind == MachineKind::pseries ? "transom.bin" : "transom.elf"; }

std::string_view reference_processor(MachineKind kind) {
    return kind == MachineKind::powernv8 ? "POWER8" : kind == MachineKind::powernv10 ? "POWER10" : "POWER9";
}

std::string pseries_machine(std::string_view extra) {
    return fmt::format("pseries{},cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off", extra);
}

std::vector<std::string> qemu_arguments(const MachineSetup& setup) {
    const bool pseries = setup.kind == MachineKind::pseries;
    Arguments arguments = {setup.qemu, "-M", pseries ? pseries_machine("") : std::string(machine_name(setup.kind))};
    if (pseries)
        append(arguments, {"-cpu", "POWER9"});
    append(arguments, {"-m", fmt::format("{}M", setup.memory_mib), "-smp",
                       setup.chips == 1 ? std::to_string(setup.processors)
                                        : fmt::format("{},sockets={}", setup.processors, setup.chips),
                       "-nodefaults", "-nographic", "-serial", "stdio"});
    // Without a BMC the firmware cannot switch the machine off.
    if (!pseries)
        append(arguments, {"-device", "ipmi-bmc-sim,id=bmc0", "-device", "isa-ipmi-bt,bmc=bmc0,irq=10"});
    append(arguments, {pseries ? "-bios" : "-kernel", setup.image.string()});
    // QEMU hands an -initrd over only behind a -kernel. Nobody starts this one, so any will do that leaves the image's own place free.
    if (pseries && !setup.bundle.empty())
        append(arguments, {"-kernel", std::filesystem::path(setup.image).replace_extension("elf").string()});
    if (!setup.bundle.empty())
        append(arguments, {"-initrd", setup.bundle.string()});
    add_network(arguments, setup);
    return arguments;
}

} // namespace transom::tool
