// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <arch/real_memory.hpp>
#include <arch/tlb.hpp>
#include <arch/world.hpp>
#include <array>
#include <new>
#include <transom/base/panic.hpp>
#include <transom/partition/deliver.hpp>
#include <transom/partition/roster.hpp>
#include <type_traits>
#include <utility>

namespace transom::partition {

using memory::FrameState;

namespace {

/// Processors that are taken out of the pool for it.
std::uint32_t dedicated_to(const Partition& partition) {
    return partition.share.claim.dedicated() ? partition.vcpu_count : 0;
}

constexpr Bytes whole_frames(Bytes size) { return RealAddr{size}.align_up(memory::frame_size).value; }

} // namespace

// Behind the slot lies what it takes to build the partition, as one that starts itself anew must not find that others have taken it; and what its
// terminals keep, which stays then.
Bytes Roster::slot_size() {
    return whole_frames(sizeof(Slot)) + Construction::scratch_size + vio::max_terminals * vio::scrollback_size;
}

std::span<std::byte> Roster::scratch_of(Slot& slot) {
    return {arch::real_pointer(arch::real_address(&slot) + whole_frames(sizeof(Slot))), Construction::scratch_size};
}

void Roster::give_scrollbacks(Slot& slot) {
    RealAddr next = arch::real_address(&slot) + whole_frames(sizeof(Slot)) + Construction::scratch_size;
    for (vio::Terminal& terminal : slot.partition.terminals) {
        terminal.scrollback =
            vio::Scrollback({reinterpret_cast<std::uint8_t*>(arch::real_pointer(next)), vio::scrollback_size});
        next = next + vio::scrollback_size;
    }
}

/// Takes a place for a partition of that name, with the lowest number that is free.
std::expected<Roster::Slot*, CreateError> Roster::add(std::string_view name) {
    std::uint32_t lpid = 1; // logical partition 0 is the hypervisor
    Slot** link = &first_;
    for (; *link != nullptr && (*link)->partition.lpid == lpid; link = &(*link)->next)
        ++lpid;
    if (lpid > arch::max_lpid)
        return std::unexpected(CreateError::no_room("partition {}: this machine has its {} partitions: end one first",
                                                    name, arch::max_lpid));
    const auto room = resources_.frames.allocate(slot_size(), memory::frame_size, FrameState::hypervisor);
    if (!room)
        return std::unexpected(CreateError::no_room("partition {}: no memory is left for another partition: end one "
                                                    "first, or give the machine more memory",
                                                    name));
    Slot* const slot = new (arch::real_pointer(*room)) Slot;
    slot->partition.lpid = lpid;
    slot->partition.dual = &slot->dual;
    slot->dual.note_halts_in(switch_halts_);
    slot->next = *link;
    *link = slot;
    return slot;
}

void Roster::remove(Slot** link) {
    static_assert(std::is_trivially_destructible_v<Slot>);
    Slot* const slot = *link;
    *link = slot->next;
    resources_.frames.release({arch::real_address(slot), slot_size()}, FrameState::hypervisor);
}

Roster::Slot** Roster::link_of(const Partition& partition) {
    for (Slot** link = &first_; *link != nullptr; link = &(*link)->next)
        if (&(*link)->partition == &partition)
            return link;
    panic("a partition that this machine does not have");
}

const Roster::Slot& Roster::slot_of(const Partition& partition) const {
    return **const_cast<Roster*>(this)->link_of(partition);
}

/// What a partition of that shape is to get; `own` is what it has already.
std::expected<CapacityClaim, CreateError> Roster::claim(const Shape& shape, const Partition* own) const {
    const ProcessorPool& pool = dispatcher_.pool();
    const std::uint32_t wanted = shape.entitled_capacity.value_or(tree::min_entitled_capacity);
    const std::uint32_t left = pool.unallocated() + (own != nullptr ? own->share.claim.entitled : 0);
    const std::uint32_t to_dedicate = pool.to_dedicate() + (own != nullptr ? dedicated_to(*own) : 0);
    if (shape.processors != Processors::shared && shape.virtual_processors > to_dedicate)
        return std::unexpected(CreateError::no_room("partition {}: dedicated-processors asks for {}, and {} are left "
                                                    "of {} that are not the boot processor: let it "
                                                    "share, or give the machine more processors",
                                                    shape.name, shape.virtual_processors, to_dedicate,
                                                    pool.processors - 1));
    if (wanted > left)
        return std::unexpected(CreateError::no_room("partition {}: entitled-capacity is {}, and {} hundredths of a "
                                                    "processor are left of {}: lower it, here or in "
                                                    "another partition, or give the machine more processors",
                                                    shape.name, wanted, left, pool.capacity()));
    return CapacityClaim{
        .entitled = wanted, .weight = shape.capacity_weight, .capped = shape.capped, .processors = shape.processors};
}

/// From now on nobody else gets what it is entitled to.
void Roster::set_claim(Partition& partition, const CapacityClaim& share) {
    partition.share.claim = share;
    dispatcher_.pool().entitled += share.entitled;
    dispatcher_.pool().dedicated += dedicated_to(partition);
}

void Roster::give_up_claim(const Partition& partition) {
    dispatcher_.pool().entitled -= partition.share.claim.entitled;
    dispatcher_.pool().dedicated -= dedicated_to(partition);
}

template <class F> std::expected<Partition*, CreateError> Roster::build(const Shape& shape, F begin) {
    if (find(shape.name) != nullptr)
        return std::unexpected(
            CreateError::no_room("partition {}: there is one of that name: end it first", shape.name));
    const auto share = claim(shape);
    if (!share)
        return std::unexpected(share.error());
    const auto slot = add(shape.name);
    if (!slot)
        return std::unexpected(slot.error());
    Partition& partition = (*slot)->partition;
    if (const std::expected<void, CreateError> begun = begin(**slot); !begun) {
        remove(link_of(partition));
        return std::unexpected(begun.error());
    }
    give_scrollbacks(**slot);
    set_claim(partition, *share);
    return &partition;
}

std::expected<Partition*, CreateError> Roster::begin(const tree::PartitionDescription& description,
                                                     const tree::Manifest& bundle) {
    return build(shape_of(description), [&](Slot& slot) {
        return slot.construction.begin(slot.partition, description, bundle, resources_, scratch_of(slot));
    });
}

std::expected<Partition*, CreateError> Roster::begin_empty(const Shape& shape) {
    return build(shape, [&](Slot& slot) { return slot.construction.begin_empty(slot.partition, shape, resources_); });
}

std::expected<Partition*, CreateError> Roster::create(const tree::PartitionDescription& description,
                                                      const tree::Manifest& bundle) {
    const auto begun = begin(description, bundle);
    if (begun)
        work_on(**link_of(**begun), ~std::uint64_t{0});
    return begun;
}

/// True: that was all.
bool Roster::work_on(Slot& slot, std::uint64_t ticks) {
    const std::uint64_t began = arch::timebase();
    do
        slot.construction.step(slot.partition, resources_.frames);
    while (slot.construction.under_way() && arch::timebase() - began < ticks);
    return !slot.construction.under_way();
}

bool Roster::is_starting(const Partition& partition) const {
    const Construction& construction = slot_of(partition).construction;
    return construction.under_way() && construction.has_contents();
}

/// Whether it is being built from a description, and counts among those.
bool Roster::starts(const Slot& slot, Starts which) {
    return slot.construction.under_way() && slot.construction.has_contents() &&
           (which == Starts::all || !slot.of_its_own);
}

bool Roster::any_starting(Starts which) const {
    for (const Slot* slot = first_; slot != nullptr; slot = slot->next)
        if (starts(*slot, which))
            return true;
    return false;
}

/// One after the other, so that one that starts again and again holds up no other.
Partition* Roster::work(std::uint64_t ticks, Starts which) {
    Slot* chosen = nullptr;
    for (Slot* slot = first_; slot != nullptr; slot = slot->next) {
        if (!starts(*slot, which))
            continue;
        const bool later = slot->partition.lpid > last_worked_on_;
        if (chosen == nullptr || (later && chosen->partition.lpid <= last_worked_on_))
            chosen = slot;
    }
    if (chosen == nullptr)
        return nullptr;
    last_worked_on_ = chosen->partition.lpid;
    return work_on(*chosen, ticks) ? &chosen->partition : nullptr;
}

bool Roster::prepare(Partition& partition, std::uint64_t ticks) { return work_on(**link_of(partition), ticks); }

void Roster::start(Partition& partition) {
    invariant(!slot_of(partition).construction.under_way(), "a partition starts that is being built");
    std::size_t i = 0;
    for (RealRange piece = piece_of(partition, i); !piece.empty(); piece = piece_of(partition, ++i))
        invariant(resources_.frames.is_zeroed(piece), "a partition starts with what others have left");
    arch::set_page_table(partition.lpid, partition.hpt.root());
    partition.state = PartitionState::running;
    dispatcher_.add(partition);
}

std::expected<void, CreateError> Roster::may_rebuild(const Partition& partition,
                                                     const tree::PartitionDescription& description,
                                                     const tree::Manifest& bundle) const {
    if (const auto contents = check_contents(description, bundle); !contents)
        return std::unexpected(contents.error());
    const Shape shape = shape_of(description);
    if (const auto share = claim(shape, &partition); !share)
        return std::unexpected(share.error());
    const Bytes own = memory_of({.name = partition.name(),
                                 .memory = partition.memory.size(),
                                 .log2_page_table_size = partition.hpt.log2_bytes()});
    const Bytes need = memory_of(shape), available = own + resources_.frames.available();
    if (need > available)
        return std::unexpected(
            CreateError::no_room("partition {}: it needs {} MiB to start anew, and {} MiB are there: "
                                 "end another one first",
                                 description.name, need >> 20, available >> 20));
    return {};
}

std::expected<void, CreateError> Roster::begin_anew(Partition& partition, const tree::PartitionDescription& description,
                                                    const tree::Manifest& bundle, bool of_its_own) {
    const Shape shape = shape_of(description);
    const auto share = claim(shape, &partition);
    if (!share) {
        destroy(partition);
        return std::unexpected(share.error());
    }
    std::array<std::pair<std::uint32_t, vio::Scrollback>, vio::max_terminals> kept;
    for (std::size_t i = 0; i < kept.size(); ++i)
        kept[i] = {partition.terminals[i].session, partition.terminals[i].scrollback};
    dispatcher_.remove(partition);
    give_up_claim(partition);
    arch::Tlb::flush_partition(partition.lpid);
    Slot** const link = link_of(partition);
    give_table_back(**link);
    partition::destroy(partition, resources_.frames);
    (*link)->anew = true;
    (*link)->of_its_own = of_its_own;
    if (const auto begun = (*link)->construction.begin(partition, description, bundle, resources_, scratch_of(**link));
        !begun) {
        remove(link);
        return std::unexpected(begun.error());
    }
    // Whoever was at its terminals stays there, and sees what was written before.
    for (std::uint32_t i = 0; i < kept.size(); ++i) {
        partition.terminals[i].session = i < partition.terminal_count ? kept[i].first : 0;
        partition.terminals[i].scrollback = kept[i].second;
    }
    set_claim(partition, *share);
    return {};
}

/// With nobody inside.
void Roster::give_table_back(Slot& slot) {
    if (slot.dual.has_twins())
        table_totals_.add_ended(slot.dual.counters());
    slot.dual.end(resources_.frames);
    slot.dual.log_transitions(slot.partition.name()); // nobody else comes by any more
}

void Roster::destroy(Partition& partition) {
    Slot** const link = link_of(partition);
    dispatcher_.remove(partition);
    give_up_claim(partition);
    arch::Tlb::flush_partition(partition.lpid);
    give_table_back(**link);
    partition::destroy(partition, resources_.frames);
    remove(link);
}

bool Roster::suspend(Partition& partition) {
    auto before = PartitionState::running;
    partition.state.compare_exchange_strong(before, PartitionState::suspended);
    return partition.state == PartitionState::suspended && is_out(partition);
}

bool Roster::resume(Partition& partition) {
    auto before = PartitionState::suspended;
    const bool stood = partition.state.compare_exchange_strong(before, PartitionState::running);
    alert(partition);
    return stood;
}

Partition* Roster::find(std::string_view name) {
    for (Slot* slot = first_; slot != nullptr; slot = slot->next)
        if (slot->partition.name() == name)
            return &slot->partition;
    return nullptr;
}

std::size_t Roster::size() const {
    std::size_t n = 0;
    for (const Slot* slot = first_; slot != nullptr; slot = slot->next)
        ++n;
    return n;
}

} // namespace transom::partition
