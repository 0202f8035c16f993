// SPDX-License-Identifier: Apache-2.0
#include "kernel.hpp"

#include "network.hpp"

#include <algorithm>
#include <arch/clock.hpp>
#include <arch/machine.hpp>
#include <arch/real_memory.hpp>
#include <transom/base/log.hpp>
#include <transom/net/clock.hpp>
#include <transom/partition/msr.hpp>

namespace boot {

using namespace transom;
using partition::Partition;
using partition::PartitionState;

namespace {

constexpr std::uint32_t whole_processor = 100; // hundredths

/// What partitions are told of a node: the domains of one of its processors, else of its memory.
tree::HostAssociativity domains_of(const tree::HostMachine& machine, const affinity::Topology& topology,
                                   affinity::NodeIndex node) {
    for (const tree::HostProcessor& processor : machine.processors)
        if (topology.node_of_server(processor.server) == node)
            return processor.associativity;
    for (const tree::HostMemory& memory : machine.memory)
        if (topology.node_of(memory.range.begin) == node)
            return memory.associativity;
    return {};
}

partition::Resources resources(const tree::HostMachine& machine, memory::Frames& frames,
                               const partition::CpuCharacteristics& characteristics) {
    const unsigned generation = arch::processor_generation();
    const auto family = static_cast<tree::ProcessorFamily>(generation);
    const bool second_watchpoint = arch::in_hypervisor_state() && arch::has_second_watchpoint();
    return {.frames = frames,
            .processor = {.family = family,
                          .version = tree::architected_version(family),
                          .timebase_frequency = machine.timebase_frequency,
                          .second_watchpoint = second_watchpoint},
            .table_format = generation >= 9 ? hpt::Format::isa_3_0 : hpt::Format::isa_2_07,
            .facilities = {.second_watchpoint = second_watchpoint, .interrupts_at_0x18000 = generation < 10},
            .cpu_characteristics = characteristics};
}

/// Null where the processor has no generator.
random::Hardware random_hardware() {
    const bool has_generator = arch::in_hypervisor_state() && arch::processor_generation() >= 9;
    return has_generator ? &arch::hardware_random : nullptr;
}

migrate::MachineFacts move_facts(const tree::HostMachine& machine) {
    return {.processor_version = arch::processor_version(),
            .generation = arch::processor_generation(),
            .absent_registers = arch::in_hypervisor_state() ? arch::absent_registers() : partition::SprSet{},
            .mmu = arch::processor_generation() >= 9 ? migrate::Mmu::hashed_3_0 : migrate::Mmu::hashed_2_07,
            .page_sizes = kib(4) | kib(64) | mib(16),
            .timebase_frequency = machine.timebase_frequency,
            .initial_msr = partition::msr::sf | partition::msr::me};
}

void pin(secure::Identity& identity, std::span<const std::byte> keys) {
    for (; !keys.empty(); keys = keys.subspan(secure::public_key_size)) {
        secure::PublicKey key;
        std::ranges::copy(keys.first(key.size()), key.begin());
        if (!identity.add_peer(key))
            return; // the manifest was checked: there are not more
    }
}

std::string_view cpu_name() {
    switch (arch::processor_generation()) {
    case 8:
        return "POWER8";
    case 9:
        return "POWER9";
    default:
        return "POWER10";
    }
}

manage::MachineInfo machine_info(const Platform& platform, const tree::HostMachine& machine) {
    return {.version = TRANSOM_VERSION,
            .machine = platform.machine_name(),
            .cpu = cpu_name(),
            .timebase_frequency = machine.timebase_frequency};
}

} // namespace

Kernel::Kernel(Platform& platform, const tree::HostMachine& machine, memory::Frames& frames, std::uint64_t started_at,
               const partition::CpuCharacteristics& characteristics)
    : platform_(platform), machine_(machine), frames_(frames), resources_(resources(machine, frames, characteristics)),
      random_(random_hardware()), dispatcher_(machine.timebase_frequency), roster_(resources_, dispatcher_),
      console_(platform, roster_, machine.timebase_frequency), network_task_(network()), entropy_(random_hardware()),
      below_link_(link_below(network())),
      machine_network_(below_link_.network, {"link"}, among_machines_, entropy_, secure_places(frames, link_places),
                       machine.timebase_frequency),
      operator_network_(network(), {.name = "management", .pause = 1}, among_operators_, entropy_,
                        secure_places(frames, management_places), machine.timebase_frequency),
      link_(link_network(machine_network_)), life_cycle_(roster_, frames, mover_, *this, platform.runs_partitions()),
      mover_(roster_, frames, move_facts(machine), life_cycle_),
      attendant_(roster_, frames, machine.timebase_frequency), placer_(roster_, frames, topology_),
      reallocator_(roster_, frames, topology_, mover_, machine.timebase_frequency),
      affinity_clerk_(roster_, frames, topology_, reallocator_, machine.timebase_frequency),
      local_machine_(machine_info(platform, machine), frames, roster_, dispatcher_, mover_, life_cycle_, link_.network,
                     operator_network_, {link_.faults, below_link_.faults},
                     platform.runs_partitions() ? &reallocator_ : nullptr, started_at),
      management_(local_machine_) {
    find_nodes();
    dispatcher_.add(console_);
    dispatcher_.add(mover_);
    dispatcher_.add(attendant_);
    dispatcher_.add(reallocator_);
    dispatcher_.add(affinity_clerk_);
    dispatcher_.add(life_cycle_);
    dispatcher_.add(management_);
    if (link_.task != nullptr)
        dispatcher_.add(*link_.task);
    dispatcher_.add(machine_network_); // they seal what the others have written,
    dispatcher_.add(operator_network_);
    if (below_link_.task != nullptr)
        dispatcher_.add(*below_link_.task);
    dispatcher_.add(network_task_); // and this sends it
}

void Kernel::find_nodes() {
    const auto built = topology_.build(machine_, whole_processor);
    if (!built)
        return log("affinity is not reckoned: {}", affinity::describe(built.error()));
    for (affinity::NodeIndex node = 0; node < topology_.nodes().count(); ++node)
        (void)home_nodes_.domains.push_back(domains_of(machine_, topology_, node));
    for (const std::uint32_t point : machine_.reference_points)
        if (home_nodes_.reference_points.size() < affinity::Topology::max_levels)
            (void)home_nodes_.reference_points.push_back(point);
    const std::uint32_t self = arch::processor_identification();
    set_processors({&self, 1});
    resources_.topology = &topology_;
    resources_.placement = &placer_;
    resources_.nodes = &home_nodes_;
}

void Kernel::set_processors(std::span<const std::uint32_t> servers) {
    home_nodes_.of_processor.clear();
    for (const std::uint32_t server : servers)
        (void)home_nodes_.of_processor.push_back(topology_.node_of_server(server).value_or(0));
    dispatcher_.set_processors(static_cast<std::uint32_t>(servers.size()), home_nodes_.of_processor.span());
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

/// The bundle's secrets are used once: nobody finds them there afterwards, neither a partition nor who reads the machine's memory.
void Kernel::erase(std::span<const std::byte> secret) {
    std::byte* const bundle = arch::real_pointer(machine_.initrd.begin);
    secure::wipe({bundle + (secret.data() - bundle), secret.size()});
}

void Kernel::seed_random() {
    if (bundle_ && !bundle_->rng_seed().empty()) {
        const auto seed = bundle_->rng_seed();
        constexpr std::uint32_t bits_of_a_byte = 8;
        random_.absorb(seed, static_cast<std::uint32_t>(bits_of_a_byte * seed.size()));
        entropy_.absorb(seed);
        erase(seed);
    }
    if (random_.usable())
        resources_.random = &random_;
    else
        log("this machine has no source of random numbers: partitions are not offered H_RANDOM");
}

void Kernel::take_keys() {
    if (!bundle_ || !bundle_->keys())
        return;
    const tree::Keys& keys = *bundle_->keys();
    secure::PrivateKey own;
    std::ranges::copy(keys.private_key, own.begin());
    erase(keys.private_key);
    if (!among_machines_.set_own(own) || !among_operators_.set_own(own))
        log("keys: what the bundle has is no private key: make another one by transom key make");
    secure::wipe(own);
    pin(among_machines_, keys.peer_keys);
    pin(among_operators_, keys.operator_keys);
}

void Kernel::create_partitions() {
    if (const auto adopted = life_cycle_.definitions().adopt(*bundle_); !adopted)
        return log("{}", adopted.error().line.view());
    life_cycle_.definitions().for_each([this](manage::Definition& definition) {
        if (const auto started = life_cycle_.start_at_once(definition); !started)
            log("{}", started.error().view());
    });
}

/// Who types goes on typing to the same partition when another one starts anew.
void Kernel::starting(Partition& partition, bool anew) {
    if (const auto moment = platform_.time_of_day())
        partition.clock.set(*moment, arch::timebase() + partition.timebase_offset);
    if (!anew)
        console_.attach(partition);
}

/// What nobody is attached to, or whoever is has no room for, is shown here.
void Kernel::ending(Partition& partition) {
    reallocator_.ended(partition);
    affinity_clerk_.ended();
    management_.take_last(partition);
    console_.flush(partition);
}

void Kernel::arrived(Partition& partition) {
    console_.attach(partition);
    reallocator_.arrived();
}

/// A partition may say that it gives up as often as it likes: it is heard once a second.
void Kernel::log_last_words(Partition& partition) {
    const std::uint64_t now = arch::timebase();
    if (now < next_words_ && partition.state == PartitionState::running)
        return;
    partition.last_words.take([&](std::string_view words) {
        log("partition {}: operating system terminated: {}", partition.name(), words);
        next_words_ = now + machine_.timebase_frequency;
    });
}

void Kernel::reap() {
    roster_.for_each([this](Partition& partition) {
        log_last_words(partition);
        if (partition.state == PartitionState::off)
            life_cycle_.ended(partition);
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

void Kernel::listen_for_operators() {
    if (!network().interface(net::InterfaceId::management).up())
        return log("no management card: this machine can only be reached by its console");
    if (!among_operators_.complete())
        return log("no operator's key was given: the management port stays closed; see transom run --operator-key");
    if (!entropy_.usable())
        return log("no random numbers were given: the management port stays closed; the bundle needs an rng-seed");
    hears_operators_ =
        operator_network_.listen(net::InterfaceId::management, manage::management_port, management_).has_value();
    if (!hears_operators_)
        log("the management port can not be listened on: nobody can give orders");
}

void Kernel::listen_for_machines() {
    if (!platform_.runs_partitions())
        return;
    if (!network().interface(net::InterfaceId::link).up())
        return log("no link to other machines: partitions can neither leave nor arrive");
    if (!among_machines_.complete())
        return log("no keys of this machine and of others were given: partitions can neither leave nor arrive");
    if (!mover_.listen(link_.network))
        log("the migration port can not be listened on: partitions cannot arrive");
}

bool Kernel::has_to_end() const {
    if (const auto at = local_machine_.shutdown_at(); at && arch::timebase() >= *at)
        return true;
    return nothing_to_wait_for_ || life_cycle_.over();
}

void Kernel::run(std::span<const pci::HostBridge> bridges) {
    read_bundle();
    net::set_timebase_frequency(machine_.timebase_frequency);
    seed_random();
    take_keys();
    bring_up_network(network(), bridges, frames_, addresses());
    listen_for_operators();
    listen_for_machines();
    if (!platform_.runs_partitions()) {
        log("this machine is itself a partition: none run on it");
        nothing_to_wait_for_ = !hears_operators_; // nobody could ask for anything
    } else {
        if (bundle_)
            create_partitions();
    }
    const bool expects_partitions = platform_.runs_partitions() && bundle_ && !bundle_->partitions().empty();
    if (expects_partitions && roster_.size() == 0)
        nothing_to_wait_for_ = true; // none could be built: there is nothing to wait for
    while (!has_to_end()) {
        dispatcher_.run_once();
        reap();
    }
    console_.flush();
    log("{}: the machine switches itself off",
        local_machine_.shutdown_at() ? "shutdown was asked for" : "no partition is left");
    power_off();
}

} // namespace boot
