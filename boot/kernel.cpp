// SPDX-License-Identifier: Apache-2.0
#include "kernel.hpp"

#include "network.hpp"

#include <algorithm>
#include <arch/machine.hpp>
#include <arch/real_memory.hpp>
#include <transom/base/log.hpp>

namespace boot {

using namespace transom;
using partition::Partition;
using partition::PartitionState;
using partition::StopReason;

namespace {

partition::Resources resources(const tree::HostMachine& machine, memory::Frames& frames) {
    const unsigned generation = arch::processor_generation();
    const auto family = static_cast<tree::ProcessorFamily>(generation);
    return {.frames = frames,
            .processor = {.family = family,
                          .version = tree::architected_version(family),
                          .timebase_frequency = machine.timebase_frequency},
            .table_format = generation >= 9 ? hpt::Format::isa_3_0 : hpt::Format::isa_2_07};
}

std::string_view reason(StopReason why) {
    switch (why) {
    case StopReason::power_off:
        return "it is switched off";
    case StopReason::reboot:
        return "it starts again";
    case StopReason::last_stopped:
        return "its last virtual processor has stopped";
    case StopReason::none:
        break;
    }
    return "it was stopped";
}

} // namespace

Kernel::Kernel(Platform& platform, const tree::HostMachine& machine, memory::Frames& frames)
    : machine_(machine), frames_(frames), resources_(resources(machine, frames)),
      dispatcher_(machine.timebase_frequency), roster_(resources_, dispatcher_),
      console_(platform, machine.timebase_frequency), network_task_(network()) {
    dispatcher_.add(console_);
    dispatcher_.add(network_task_);
}

void Kernel::read_bundle() {
    if (machine_.initrd.empty()) {
        log("no manifest was given: this machine waits for partitions to arrive");
        return;
    }
    const auto parsed = tree::Manifest::parse({arch::real_pointer(machine_.initrd.begin), machine_.initrd.size});
    if (parsed)
        bundle_ = *parsed;
    else
        log("manifest: {}", parsed.error().view());
}

void Kernel::create_partitions() {
    for (const tree::PartitionDescription& description : bundle_->partitions()) {
        const auto created = roster_.create(description, *bundle_);
        if (!created) {
            log("{}", created.error().view());
            continue;
        }
        log("partition {}: {} MiB, {} virtual processors", description.name, description.memory >> 20,
            description.virtual_processors);
        console_.attach(*created);
    }
}

void Kernel::restart(Partition& partition) {
    const auto same = [&](const tree::PartitionDescription& d) { return d.name == partition.name(); };
    const auto descriptions = bundle_ ? bundle_->partitions() : std::span<const tree::PartitionDescription>{};
    const auto found = std::ranges::find_if(descriptions, same);
    roster_.destroy(partition);
    if (found == descriptions.end()) {
        log("it came from another machine: there is no kernel here to start it with");
        one_has_ended_ = true;
        return;
    }
    const auto created = roster_.create(*found, *bundle_);
    if (created)
        console_.attach(*created);
    else
        log("{}", created.error().view());
}

void Kernel::reap() {
    roster_.for_each([this](Partition& partition) {
        if (partition.state != PartitionState::off)
            return;
        console_.flush();
        console_.attach(nullptr);
        log("partition {}: {}", partition.name(), reason(partition.stop_reason));
        if (partition.stop_reason == StopReason::reboot) {
            restart(partition);
        } else {
            one_has_ended_ = true;
            roster_.destroy(partition);
        }
    });
}

net::MachineAddresses Kernel::addresses() const {
    const auto address = [](const std::optional<tree::Ipv4>& bytes) {
        return bytes ? net::Ipv4Address{std::uint32_t{(*bytes)[0]} << 24 | std::uint32_t{(*bytes)[1]} << 16 |
                                        std::uint32_t{(*bytes)[2]} << 8 | (*bytes)[3]}
                     : net::Ipv4Address{};
    };
    net::MachineAddresses result;
    if (bundle_) {
        result.link = address(bundle_->machine().link_address);
        result.management = address(bundle_->machine().management_address);
    }
    return result;
}

void Kernel::run(std::span<const pci::HostBridge> bridges) {
    read_bundle();
    bring_up_network(network(), bridges, frames_, addresses());
    if (bundle_)
        create_partitions();
    const bool expects_partitions = bundle_ && !bundle_->partitions().empty();
    if (expects_partitions && roster_.size() == 0)
        one_has_ended_ = true; // none could be built: there is nothing to wait for
    while (!one_has_ended_ || roster_.size() != 0) {
        dispatcher_.run_once();
        reap();
    }
    log("no partition is left: the machine switches itself off");
    power_off();
}

} // namespace boot
