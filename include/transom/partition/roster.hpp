// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <expected>
#include <span>
#include <string_view>
#include <transom/partition/create.hpp>
#include <transom/partition/dispatcher.hpp>

namespace transom::partition {

/// Most partitions of a machine.
constexpr std::size_t max_partitions = 4;

/// The partitions that a machine has: where they are kept, made, started and ended. A partition here has memory; only a
/// started one is dispatched.
class Roster {
  public:
    Roster(const Resources& resources, Dispatcher& dispatcher);

    /// Builds one from its description; start() lets it run. Errors: those of partition::create, a name in use, no place left, not so
    /// much of the processors left.
    std::expected<Partition*, CreateError> create(const tree::PartitionDescription& description,
                                                  const tree::Manifest& bundle);
    /// Builds an empty one for a partition that arrives; start() lets it run.
    std::expected<Partition*, CreateError> create_empty(const Shape& shape);
    /// From now on its virtual processors run, on its own page table.
    void start(Partition& partition);
    /// Hundredths of a processor that no partition is entitled to.
    std::uint32_t unallocated_capacity() const { return dispatcher_.pool().unallocated(); }

    /// Whether none of its virtual processors is inside it. Those that are leave it soon; where its state is not `running` they do
    /// not come back.
    bool is_out(Partition& partition) { return dispatcher_.is_out(partition); }
    /// Ends it: it is dispatched no more, its memory is scrubbed and free. The reference is dead afterwards.
    void destroy(Partition& partition);

    /// The function sets that partitions of this machine can be offered.
    papr::FunctionSets function_sets() const { return resources_.function_sets(); }
    /// What partitions that are built here are told.
    const CpuCharacteristics& cpu_characteristics() const { return resources_.cpu_characteristics; }
    const Facilities& facilities() const { return resources_.facilities; }

    Partition* find(std::string_view name);
    std::size_t size() const;

    /// Calls `with` for each partition there is.
    template <class F> void for_each(F with) {
        for (Slot& slot : slots_)
            if (slot.used)
                with(slot.partition);
    }

  private:
    struct Slot {
        Partition partition;
        bool used = false;
    };
    std::expected<Slot*, CreateError> find_place(std::string_view name);
    void take(Slot& slot, const CapacityClaim& share);
    std::expected<CapacityClaim, CreateError> claim(const Shape& shape) const;

    const Resources& resources_;
    Dispatcher& dispatcher_;
    std::array<Slot, max_partitions> slots_;
};

} // namespace transom::partition
