// SPDX-License-Identifier: Apache-2.0
#include <arch/tlb.hpp>
#include <arch/world.hpp>
#include <transom/base/panic.hpp>
#include <transom/partition/roster.hpp>

namespace transom::partition {

Roster::Roster(const Resources& resources, Dispatcher& dispatcher) : resources_(resources), dispatcher_(dispatcher) {
    // Logical partition 0 is the hypervisor.
    for (std::size_t i = 0; i < slots_.size(); ++i)
        slots_[i].partition.lpid = static_cast<std::uint32_t>(i + 1);
}

std::expected<Roster::Slot*, CreateError> Roster::find_place(std::string_view name) {
    if (find(name) != nullptr)
        return std::unexpected(CreateError::formatted("partition {}: there is one of that name: end it first", name));
    for (Slot& slot : slots_)
        if (!slot.used)
            return &slot;
    return std::unexpected(CreateError::formatted("partition {}: this machine has its {} partitions: end one first",
                                                  name, max_partitions));
}

std::expected<CapacityClaim, CreateError> Roster::claim(const Shape& shape) const {
    const ProcessorPool& pool = dispatcher_.pool();
    const std::uint32_t wanted = shape.entitled_capacity.value_or(tree::min_entitled_capacity);
    if (wanted > pool.unallocated())
        return std::unexpected(CreateError::formatted("partition {}: entitled-capacity is {}, and {} hundredths of a "
                                                      "processor are left of {}: lower it, here or in "
                                                      "another partition, or give the machine more processors",
                                                      shape.name, wanted, pool.unallocated(), pool.capacity()));
    return CapacityClaim{.entitled = wanted, .weight = shape.capacity_weight, .capped = shape.capped};
}

/// From now on nobody else gets its place, or what it is entitled to.
void Roster::take(Slot& slot, const CapacityClaim& share) {
    slot.used = true;
    slot.partition.share.claim = share;
    dispatcher_.pool().entitled += share.entitled;
}

std::expected<Partition*, CreateError> Roster::create(const tree::PartitionDescription& description,
                                                      const tree::Manifest& bundle) {
    const auto slot = find_place(description.name);
    if (!slot)
        return std::unexpected(slot.error());
    const auto share = claim(shape_of(description));
    if (!share)
        return std::unexpected(share.error());
    Partition& partition = (*slot)->partition;
    if (const auto created = partition::create(partition, description, bundle, resources_); !created)
        return std::unexpected(created.error());
    take(**slot, *share);
    return &partition;
}

std::expected<Partition*, CreateError> Roster::create_empty(const Shape& shape) {
    const auto slot = find_place(shape.name);
    if (!slot)
        return std::unexpected(slot.error());
    const auto share = claim(shape);
    if (!share)
        return std::unexpected(share.error());
    Partition& partition = (*slot)->partition;
    if (const auto created = partition::create_empty(partition, shape, resources_); !created)
        return std::unexpected(created.error());
    take(**slot, *share);
    return &partition;
}

void Roster::start(Partition& partition) {
    arch::set_page_table(partition.lpid, partition.hpt);
    partition.state = PartitionState::running;
    dispatcher_.add(partition);
}

void Roster::destroy(Partition& partition) {
    for (Slot& slot : slots_)
        if (&slot.partition == &partition && slot.used) {
            dispatcher_.remove(partition);
            dispatcher_.pool().entitled -= partition.share.claim.entitled;
            arch::Tlb::flush_partition(partition.lpid);
            partition::destroy(partition, resources_.frames);
            slot.used = false;
            return;
        }
    panic("destroy of a partition that this machine does not have");
}

Partition* Roster::find(std::string_view name) {
    for (Slot& slot : slots_)
        if (slot.used && slot.partition.name() == name)
            return &slot.partition;
    return nullptr;
}

std::size_t Roster::size() const {
    std::size_t n = 0;
    for (const Slot& slot : slots_)
        n += slot.used ? 1 : 0;
    return n;
}

} // namespace transom::partition
