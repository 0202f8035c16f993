// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string_view>
#include <transom/dual/partition_engine.hpp>
#include <transom/dual/table_totals.hpp>
#include <transom/partition/construction.hpp>
#include <transom/partition/dispatcher.hpp>

namespace transom::partition {

/// Partitions that are being built: those that an operator wants, or also those that start themselves anew.
enum class Starts : std::uint8_t { ordered, all };

/// The partitions that a machine has: where they are kept, made, started and ended. A partition here has memory; only a
/// started one is dispatched. There are as many as memory, processors and the numbers of partitions allow.
class Roster {
  public:
    Roster(const Resources& resources, Dispatcher& dispatcher) : resources_(resources), dispatcher_(dispatcher) {}

    /// Begins to build one from its description; work() goes on with it, and start() lets it run. Errors: those of partition::Construction, a
    /// name in use, no number left, not so much of the processors left.
    std::expected<Partition*, CreateError> begin(const tree::PartitionDescription& description,
                                                 const tree::Manifest& bundle);
    /// Begins to build an empty one for a partition that arrives; prepare() goes on with it, and start() lets it run.
    std::expected<Partition*, CreateError> begin_empty(const Shape& shape);
    /// Builds one from its description all at once.
    std::expected<Partition*, CreateError> create(const tree::PartitionDescription& description,
                                                  const tree::Manifest& bundle);

    /// Whether it is being built from a description.
    bool is_starting(const Partition& partition) const;
    /// Whether it was made by begin_anew().
    bool is_anew(const Partition& partition) const { return slot_of(partition).anew; }
    /// Works for about so many ticks on one of those that are being built from a description, on another each time; among them those that
    /// start themselves anew, or not. Returns it when that was all.
    Partition* work(std::uint64_t ticks, Starts which);
    bool any_starting(Starts which) const;
    /// An operator wants one that is being built, which may have started itself anew.
    void demand(Partition& partition) { (*link_of(partition))->of_its_own = false; }
    /// Works for about so many ticks on one that arrives. True: that was all.
    bool prepare(Partition& partition, std::uint64_t ticks);

    /// From now on its virtual processors run, on its own page table.
    void start(Partition& partition);

    /// Whether begin_anew() will find what that description asks for, now that the partition has what it has.
    std::expected<void, CreateError> may_rebuild(const Partition& partition,
                                                 const tree::PartitionDescription& description,
                                                 const tree::Manifest& bundle) const;
    /// Ends a partition and begins to build it anew in its place, with its number and its part of the processors: as begin().
    /// After an error it is destroyed.
    std::expected<void, CreateError> begin_anew(Partition& partition, const tree::PartitionDescription& description,
                                                const tree::Manifest& bundle, bool of_its_own);

    /// Hundredths of a processor that no partition is entitled to.
    std::uint32_t unallocated_capacity() const { return dispatcher_.pool().unallocated(); }
    std::uint32_t processors_to_dedicate() const { return dispatcher_.pool().to_dedicate(); }

    /// Whether none of its virtual processors is inside it. Those that are leave it soon; where its state is not `running` they do
    /// not come back.
    bool is_out(Partition& partition) { return dispatcher_.is_out(partition); }
    /// Whether nobody is inside, nor comes in until resume(): to be asked again until it is so. One that has ended meanwhile is not suspended.
    bool suspend(Partition& partition);
    /// It goes on. False: it was not suspended, as it has ended meanwhile.
    bool resume(Partition& partition);
    /// Whether a virtual processor of any partition is ready to run and has no processor.
    bool somebody_waits() { return dispatcher_.somebody_waits(); }
    /// Ends one whose state is not `running`: it is dispatched no more, and its memory is given back. The reference is dead afterwards.
    void destroy(Partition& partition);

    /// The function sets that partitions of this machine can be offered.
    papr::FunctionSets function_sets() const { return resources_.function_sets(); }
    /// What partitions that are built here are told.
    const CpuCharacteristics& cpu_characteristics() const { return resources_.cpu_characteristics; }
    const Facilities& facilities() const { return resources_.facilities; }

    /// Of second page tables that are gone: the roster counts those that go with their partition, others are told.
    dual::TableTotals& table_totals() { return table_totals_; }
    /// Of processors that went back to a first page table.
    const dual::SwitchHalts& switch_halts() const { return switch_halts_; }

    Partition* find(std::string_view name);
    std::size_t size() const;

    /// Calls `with` for each partition there is, which may destroy it.
    template <class F> void for_each(F with) {
        for (Slot *slot = first_, *next = nullptr; slot != nullptr; slot = next) {
            next = slot->next;
            with(slot->partition);
        }
    }

  private:
    /// A partition in frames of its own, with those that building it takes.
    struct Slot {
        Partition partition;
        dual::PartitionEngine dual;
        Construction construction;
        bool anew = false;       // in the place of what it was before
        bool of_its_own = false; // it starts itself anew
        Slot* next = nullptr;
    };
    static Bytes slot_size();
    static std::span<std::byte> scratch_of(Slot& slot);
    static void give_scrollbacks(Slot& slot);
    void give_table_back(Slot& slot);
    Slot** link_of(const Partition& partition);
    const Slot& slot_of(const Partition& partition) const;
    static bool starts(const Slot& slot, Starts which);
    bool work_on(Slot& slot, std::uint64_t ticks);
    std::expected<Slot*, CreateError> add(std::string_view name);
    void remove(Slot** link);
    std::expected<CapacityClaim, CreateError> claim(const Shape& shape, const Partition* own = nullptr) const;
    void set_claim(Partition& partition, const CapacityClaim& share);
    void give_up_claim(const Partition& partition);
    template <class F> std::expected<Partition*, CreateError> build(const Shape& shape, F fill);

    const Resources& resources_;
    Dispatcher& dispatcher_;
    dual::TableTotals table_totals_;
    dual::SwitchHalts switch_halts_;
    Slot* first_ = nullptr;            // by their numbers
    std::uint32_t last_worked_on_ = 0; // the number of the one that work() was for
};

} // namespace transom::partition
