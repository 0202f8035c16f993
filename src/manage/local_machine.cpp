// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <arch/processors.hpp>
#include <array>
#include <transom/hcall/table.hpp>
#include <transom/manage/local_machine.hpp>

namespace transom::manage {

namespace {

std::string_view name(partition::PartitionState state) {
    switch (state) {
    case partition::PartitionState::empty:
        return "empty";
    case partition::PartitionState::running:
        return "running";
    case partition::PartitionState::suspended:
        return "suspended";
    case partition::PartitionState::off:
        return "off";
    }
    return "off";
}

std::string_view name(partition::Processors processors) {
    switch (processors) {
    case partition::Processors::shared:
        return "shared";
    case partition::Processors::dedicated:
        return "dedicated";
    case partition::Processors::donating:
        return "donating";
    }
    return "shared";
}

std::string_view origin(const Definition* definition) {
    return definition == nullptr || definition->came_along ? "peer" : definition->by_operator ? "operator" : "boot";
}

Listed describe(const partition::Partition& partition, const Definition* definition) {
    const partition::CapacityClaim& claim = partition.share.claim;
    return {.name = partition.name(),
            .state = name(partition.state),
            .from = origin(definition),
            .memory = partition.memory.size(),
            .virtual_processors = partition.vcpu_count,
            .granule = partition.granule,
            .page_table = Bytes{1} << partition.hpt.log2_bytes(),
            .run_ticks = partition.share.used,
            .entitled_capacity = claim.entitled,
            .capacity_weight = claim.weight,
            .capped = claim.capped,
            .processors = name(claim.processors)};
}

/// What it would be if it were started.
Listed describe(const Definition& definition) {
    const partition::Shape shape = partition::shape_of(*definition.description);
    return {.name = definition.name(),
            .state = definition.moved_away ? "moved-away" : "defined",
            .from = origin(&definition),
            .memory = shape.memory,
            .virtual_processors = shape.virtual_processors,
            .granule = shape.granule,
            .page_table = Bytes{1} << shape.log2_page_table_size,
            .entitled_capacity = shape.entitled_capacity.value_or(tree::min_entitled_capacity),
            .capacity_weight = shape.capacity_weight,
            .capped = shape.capped,
            .processors = name(shape.processors)};
}

} // namespace

LocalMachine::LocalMachine(const MachineInfo& info, memory::Frames& frames, partition::Roster& roster,
                           partition::Dispatcher& dispatcher, migrate::Mover& mover, LifeCycle& life_cycle,
                           net::Network& network, const secure::SecureNetwork& operators, const Faults& faults,
                           relocate::Reallocator* reallocator, std::uint64_t started_at)
    : info_(info), frames_(frames), roster_(roster), dispatcher_(dispatcher), mover_(mover), life_cycle_(life_cycle),
      network_(network), operators_(operators), faults_(faults), reallocator_(reallocator), started_at_(started_at) {
    for (fault::FaultPlan* const plan : {faults.stream, faults.sealed})
        if (plan != nullptr)
            plan->follow(*this);
}

/// The definitions come first, with the partitions that run from them; then the partitions that have none.
std::optional<Listed> LocalMachine::listed(std::size_t index) {
    std::optional<Listed> found;
    life_cycle_.definitions().for_each([&](const Definition& definition) {
        if (index-- != 0)
            return;
        const partition::Partition* const partition = roster_.find(definition.name());
        found = partition != nullptr ? describe(*partition, &definition) : describe(definition);
        if (partition != nullptr && roster_.is_starting(*partition))
            found->state = "starting";
    });
    if (found)
        return found;
    roster_.for_each([&](const partition::Partition& partition) {
        if (life_cycle_.definitions().find(partition.name()) == nullptr && index-- == 0)
            found = describe(partition, nullptr);
    });
    return found;
}

Room LocalMachine::room() {
    const partition::ProcessorPool& pool = dispatcher_.pool();
    return {.free_memory = frames_.total(memory::FrameState::free),
            .dirty_memory = frames_.total(memory::FrameState::dirty),
            .capacity = pool.capacity(),
            .unallocated = pool.unallocated()};
}

std::expected<void, migrate::Failure> LocalMachine::migrate(const MigrateRequest& request) {
    if (reallocator_ != nullptr && reallocator_->under_way())
        return std::unexpected(migrate::failure(migrate::MoveError::busy,
                                                "partitions are being moved among the nodes of this machine: wait for "
                                                "the end of that, or stop it (stop-reallocation)"));
    return mover_.move(network_, request.partition, request.to, request.port, request.options);
}

/// One whose page table is just moving stands still for a moment, which is no doubt.
bool LocalMachine::moves_in_place(std::string_view name) {
    const partition::Partition* const partition = roster_.find(name);
    return partition != nullptr && partition->state == partition::PartitionState::suspended &&
           reallocator_ != nullptr && reallocator_->moves(*partition);
}

Done LocalMachine::stop(std::string_view partition, bool force) {
    if (moves_in_place(partition))
        return refuse("busy", "the page table of {} is just being moved: try again", partition);
    return life_cycle_.stop(partition, force);
}

Done LocalMachine::reset(std::string_view partition) {
    if (moves_in_place(partition))
        return refuse("busy", "the page table of {} is just being moved: try again", partition);
    return life_cycle_.reset(partition);
}

std::expected<void, migrate::Failure> LocalMachine::check_in_place(std::string_view name) {
    if (!moves_in_place(name))
        return {};
    return std::unexpected(
        migrate::failure(migrate::MoveError::not_in_doubt, "{} is being moved among the nodes of this machine", name));
}

std::expected<void, migrate::Failure> LocalMachine::recover(std::string_view partition) {
    if (const auto in_place = check_in_place(partition); !in_place)
        return in_place;
    return mover_.recover(partition);
}

std::expected<void, migrate::Failure> LocalMachine::force(std::string_view partition, migrate::Owner owner) {
    if (const auto in_place = check_in_place(partition); !in_place)
        return in_place;
    return mover_.force(partition, owner);
}

std::optional<DigestTable> LocalMachine::digests(std::string_view partition) {
    const auto digests = mover_.digests(partition);
    if (digests.empty())
        return std::nullopt;
    return DigestTable{digests, mover_.digest_granule()};
}

namespace {

/// What each processor that went back to its first page table was held for, as far as it is known: two lines each, and before them how many there were.
std::optional<Counter> halt_counter(const dual::SwitchHalts& halts, std::size_t index) {
    if (index == 0)
        return Counter{"t2_halts", halts.count()};
    if (index > 2 * halts.size())
        return std::nullopt;
    const dual::SwitchHalts::Halt halt = halts[(index - 1) / 2];
    if (index % 2 == 0)
        return Counter{"t2_halt_ticks", halt.held.ticks};
    if (halt.way == dual::SwitchWay::by_fault)
        return Counter{"t2_halt_by_fault", halt.held.instructions};
    return Counter{"t2_halt_on_entry", halt.held.instructions};
}

} // namespace

std::optional<Counter> LocalMachine::counter(std::size_t index) {
    const arch::RendezvousCost rendezvous = arch::rendezvous_cost();
    const arch::TimebaseRepairs repairs = arch::timebase_repairs();
    const dual::TableTotals& tables = roster_.table_totals();
    std::uint64_t second_tables = 0;
    roster_.for_each(
        [&](const partition::Partition& partition) { second_tables += partition.dual->has_twins() ? 1 : 0; });
    const std::array own{
        Counter{"started_ticks", started_at_},
        Counter{"first_instruction_ticks", dispatcher_.first_entry()},
        Counter{"now_ticks", arch::timebase()},
        Counter{"guest_ticks", dispatcher_.guest_ticks()},
        Counter{"dirty_bytes", frames_.total(memory::FrameState::dirty)},
        Counter{"idle_ticks", dispatcher_.pool().idle_ticks},
        Counter{"handshake_ticks", operators_.handshake_ticks()},
        Counter{"rendezvous", rendezvous.count},
        Counter{"rendezvous_ticks", rendezvous.ticks},
        Counter{"rendezvous_instructions", rendezvous.instructions},
        Counter{"timebase_repairs", repairs.count},
        Counter{"timebase_repaired_ticks", repairs.ticks},
        Counter{"t2_active", second_tables},
        Counter{"t2_drained", tables.drained},
        Counter{"t2_ended", tables.ended},
        Counter{"t2_faults", tables.faults},
        Counter{"t2_fault_ticks", tables.fault_ticks},
        Counter{"t2_reflected", tables.reflected},
        Counter{"t2_missing", tables.missing},
        Counter{"t2_fills", tables.fills},
        Counter{"t2_live_at_switch", tables.live_at_switch},
        Counter{"t2_drained_by_calls", tables.drained_by_calls},
        Counter{"t2_drained_by_sweep", tables.drained_by_sweep},
        Counter{"t2_mismatches", tables.mismatches},
        Counter{"t2_rc_mismatches", tables.rc_mismatches},
        Counter{"t2_switches", tables.switches},
        Counter{"t2_last_halt_by_fault", tables.last_fault_halt},
        Counter{"t2_last_halt_on_entry", tables.last_entry_halt},
        Counter{"t2_last_halt_ticks", tables.last_halt_ticks},
        Counter{"t2_last_drain_ticks", tables.last_drain_ticks},
        Counter{"sleeps", dispatcher_.pool().sleeps},
        Counter{"wakes_by_interrupt", dispatcher_.pool().wakes_by_interrupt},
        Counter{"device_interrupts", arch::device_interrupts()},
    };
    if (index < own.size())
        return own[index];
    const std::size_t row = index - own.size();
    if (row >= hcall::rows().size())
        return halt_counter(roster_.switch_halts(), row - hcall::rows().size());
    Counter calls{hcall::rows()[row].name, 0};
    roster_.for_each([&](const partition::Partition& partition) { calls.value += partition.calls().by_row[row]; });
    return calls;
}

void LocalMachine::shutdown() { shutdown_at_ = arch::timebase() + info_.timebase_frequency / 5; }

} // namespace transom::manage
