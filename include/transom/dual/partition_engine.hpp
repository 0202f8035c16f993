// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <transom/dual/engine.hpp>
#include <transom/dual/partition_resize.hpp>
#include <transom/dual/switch_halts.hpp>
#include <transom/hpt/hashed_page_table.hpp>
#include <transom/memory/frames.hpp>

namespace transom::partition {
struct Partition;
}

namespace transom::dual {

extern template class DualTable<TwinSlots<hpt::RealSlots>>;
extern template class Engine<hpt::RealSlots>;

/// That of a partition on a machine, with the memory of its second table: take, prepare until it is done, begin; then Attendant sees to
/// it until nothing is left of it.
class PartitionEngine final : public Engine<hpt::RealSlots> {
  public:
    /// From now on what each processor is held for is noted there, too; it outlives this.
    void note_halts_in(SwitchHalts& halts) { halts_ = &halts; }
    /// A processor has taken T1 again; it was held for so long.
    void count_switch(SwitchWay way, Cost held) {
        Engine::count_switch(way, held);
        if (halts_ != nullptr)
            halts_->note(way, held);
    }
    /// Takes memory for a second table as large as the first. False: there is no free run of it.
    [[nodiscard]] bool take(const hpt::HashedPageTable& first, memory::Frames& frames);
    /// Zeroes a frame of it. True: that was the last one.
    bool prepare(memory::Frames& frames);
    /// The partition's processors walk it from now on, each from its next way in. `pages` outlives it.
    void begin(partition::Partition& partition, PageTracking& pages, StorePolicy stores);
    /// An interval of the sweep, of the usual size. `only`: as of sweep().
    Swept sweep_portion(Fold fold, RealRange only = {});
    /// Says in the log what has become of the second table since this was called last: a line for each transition.
    void log_transitions(std::string_view partition);
    /// Ends it where it is, with nobody inside, and gives the memory back; nothing happens where there is none.
    void give_back(memory::Frames& frames);
    /// The partition ends, with nobody inside: give_back(), and a resize ends too.
    void end(memory::Frames& frames);

    /// The other thing for which there may be two tables: never both at once.
    PartitionResize& resize() { return resize_; }
    /// The processors go over to a table that takes T1's place: as start_change(). False: they are on their way somewhere else.
    [[nodiscard]] bool begin_change(partition::Partition& partition, const hpt::TableRoot& root);
    /// A processor that walks that table has failed with an access in virtual (`real_mode` false) or real mode: as fault() and fault_in_real_mode().
    /// `refused`: why, as the machine says it.
    FaultOutcome fault_while_changing(EffectiveAddr where, bool real_mode, const memory::LogicalMemory& memory,
                                      std::uint64_t refused);
    /// Makes virtual processors that are inside leave, and look again which table they are to walk: bit n is virtual processor n.
    static void bring_out(const partition::Partition& partition, std::uint64_t which);

    bool has_memory() const { return !memory_.empty(); }
    /// Where T2 is, while there is one.
    const hpt::TableRoot& root() const { return root_; }

  private:
    RealRange memory_{}; // the table, then the words of its groups, twice, and of T1's sections
    hpt::TableRoot root_;
    Bytes prepared_ = 0;
    SwitchHalts* halts_ = nullptr;
    PartitionResize resize_{*this};
};

} // namespace transom::dual
