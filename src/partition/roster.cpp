// SPDX-License-Identifier: Apache-2.0
#include <arch/real_memory.hpp>
#include <arch/tlb.hpp>
#include <arch/world.hpp>
#include <new>
#include <transom/base/panic.hpp>
#include <transom/partition/roster.hpp>
#include <type_traits>

namespace transom::partition {

using memory::FrameState;

namespace {

/// Processors that are taken out of the pool for it.
std::uint32_t dedicated_to(const Partition& partition) {
    return partition.share.claim.dedicated() ? partition.vcpu_count : 0;
}

constexpr Bytes whole_frames(Bytes size) { return RealAddr{size}.align_up(memory::frame_size).value; }

} // namespace

/// Takes a place for a partition of that name, with the lowest number that is free.
std::expected<Roster::Slot*, CreateError> Roster::add(std::string_view name) {
    std::uint32_t lpid = 1; // logical partition 0 is the hypervisor
    Slot** link = &first_;
    for (; *link != nullptr && (*link)->partition.lpid == lpid; link = &(*link)->next)
        ++lpid;
    if (lpid > arch::max_lpid)
        return std::unexpected(CreateError::formatted("partition {}: this machine has its {} partitions: end one first",
                                                      name, arch::max_lpid));
    const auto room =
        resources_.frames.allocate(whole_frames(sizeof(Slot)), memory::frame_size, FrameState::hypervisor);
    if (!room)
        return std::unexpected(CreateError::formatted("partition {}: no memory is left for another partition: end one "
                                                      "first, or give the machine more memory",
                                                      name));
    Slot* const slot = new (arch::real_pointer(*room)) Slot;
    slot->partition.lpid = lpid;
    slot->next = *link;
    *link = slot;
    return slot;
}

void Roster::remove(Slot** link) {
    static_assert(std::is_trivially_destructible_v<Slot>);
    Slot* const slot = *link;
    *link = slot->next;
    resources_.frames.release({arch::real_address(slot), whole_frames(sizeof(Slot))}, FrameState::hypervisor);
}

Roster::Slot** Roster::link_of(const Partition& partition) {
    for (Slot** link = &first_; *link != nullptr; link = &(*link)->next)
        if (&(*link)->partition == &partition)
            return link;
    panic("a partition that this machine does not have");
}

/// What a partition of that shape is to get; `own` is what it has already.
std::expected<CapacityClaim, CreateError> Roster::claim(const Shape& shape, const Partition* own) const {
    const ProcessorPool& pool = dispatcher_.pool();
    const std::uint32_t wanted = shape.entitled_capacity.value_or(tree::min_entitled_capacity);
    const std::uint32_t left = pool.unallocated() + (own != nullptr ? own->share.claim.entitled : 0);
    const std::uint32_t to_dedicate = pool.to_dedicate() + (own != nullptr ? dedicated_to(*own) : 0);
    if (shape.processors != Processors::shared && shape.virtual_processors > to_dedicate)
        return std::unexpected(CreateError::formatted("partition {}: dedicated-processors asks for {}, and {} are left "
                                                      "of {} that are not the boot processor: let it "
                                                      "share, or give the machine more processors",
                                                      shape.name, shape.virtual_processors, to_dedicate,
                                                      pool.processors - 1));
    if (wanted > left)
        return std::unexpected(CreateError::formatted("partition {}: entitled-capacity is {}, and {} hundredths of a "
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

template <class F> std::expected<Partition*, CreateError> Roster::build(const Shape& shape, F fill) {
    if (find(shape.name) != nullptr)
        return std::unexpected(
            CreateError::formatted("partition {}: there is one of that name: end it first", shape.name));
    const auto share = claim(shape);
    if (!share)
        return std::unexpected(share.error());
    const auto slot = add(shape.name);
    if (!slot)
        return std::unexpected(slot.error());
    Partition& partition = (*slot)->partition;
    if (const std::expected<void, CreateError> filled = fill(partition); !filled) {
        remove(link_of(partition));
        return std::unexpected(filled.error());
    }
    set_claim(partition, *share);
    return &partition;
}

std::expected<Partition*, CreateError> Roster::create(const tree::PartitionDescription& description,
                                                      const tree::Manifest& bundle) {
    return build(shape_of(description),
                 [&](Partition& partition) { return partition::create(partition, description, bundle, resources_); });
}

std::expected<Partition*, CreateError> Roster::create_empty(const Shape& shape) {
    return build(shape, [&](Partition& partition) { return partition::create_empty(partition, shape, resources_); });
}

void Roster::start(Partition& partition) {
    arch::set_page_table(partition.lpid, partition.hpt);
    partition.state = PartitionState::running;
    dispatcher_.add(partition);
}

std::expected<void, CreateError> Roster::may_rebuild(const Partition& partition,
                                                     const tree::PartitionDescription& description) const {
    const Shape shape = shape_of(description);
    if (const auto share = claim(shape, &partition); !share)
        return std::unexpected(share.error());
    const Bytes own = memory_of({.name = partition.name(),
                                 .memory = partition.memory.size(),
                                 .log2_page_table_size = partition.hpt.log2_bytes()});
    const Bytes need = memory_of(shape), available = own + resources_.frames.total(FrameState::free);
    if (need > available)
        return std::unexpected(
            CreateError::formatted("partition {}: it needs {} MiB to start anew, and {} MiB are there: "
                                   "end another one first",
                                   description.name, need >> 20, available >> 20));
    return {};
}

std::expected<void, CreateError> Roster::rebuild(Partition& partition, const tree::PartitionDescription& description,
                                                 const tree::Manifest& bundle) {
    const Shape shape = shape_of(description);
    const auto share = claim(shape, &partition);
    if (!share) {
        destroy(partition);
        return std::unexpected(share.error());
    }
    dispatcher_.remove(partition);
    give_up_claim(partition);
    arch::Tlb::flush_partition(partition.lpid);
    partition::destroy(partition, resources_.frames);
    if (const auto created = partition::create(partition, description, bundle, resources_); !created) {
        remove(link_of(partition));
        return std::unexpected(created.error());
    }
    set_claim(partition, *share);
    return {};
}

void Roster::destroy(Partition& partition) {
    Slot** const link = link_of(partition);
    dispatcher_.remove(partition);
    give_up_claim(partition);
    arch::Tlb::flush_partition(partition.lpid);
    partition::destroy(partition, resources_.frames);
    remove(link);
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
