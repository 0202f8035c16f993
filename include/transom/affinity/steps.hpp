// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <transom/affinity/allocation.hpp>
#include <transom/affinity/valuation.hpp>

namespace transom::affinity {

/// One thing that moves. Steps are taken in their order. After a step that is not `with_next` every partition is somewhere where it may be, so
/// that a plan may end there; those before it belong together with it: they are an exchange, or new homes given at one moment.
struct Step {
    enum class What : std::uint8_t {
        memory,     // `count` blocks, whichever of those that it has on `from`
        processors, // the home of `count` virtual processors
        page_table, // the whole of it; count is 1
    };
    What what = What::memory;
    bool with_next = false;
    NodeIndex from = 0, to = 0;
    std::uint16_t partition = 0;
    std::uint32_t count = 0;
    std::uint32_t copies =
        0; // blocks that are copied; an exchange without a free block on either node copies one of them twice
    std::int64_t gain = 0; // of the system's score, in millionths of a point; below 0 for what makes room

    bool operator==(const Step&) const = default;
};

/// As operators see it.
std::string_view name(Step::What what);

/// The steps from an allocation to another one.
class StepMaker {
  public:
    static Bytes room_for(std::size_t nodes, std::size_t partitions);
    StepMaker(const Valuation& valuation, const Allocation& target, std::span<std::byte> room);

    /// From the current allocation to the target as it is now. `steps`: where they go; when it is full they end with the last that fits.
    std::span<const Step> make(std::span<Step> steps);
    /// As if none had been made.
    void reset();
    /// Where everybody is after the steps: the target, unless there were too many steps, or page tables for which no room could be made.
    const Allocation& reached() const { return now_; }

  private:
    bool is_done(std::size_t partition) const;
    std::uint32_t leaving(std::size_t partition, NodeIndex from) const;
    std::uint32_t coming(std::size_t partition, NodeIndex to) const;
    std::uint32_t on_the_way(std::size_t partition, NodeIndex from, NodeIndex to) const;
    bool table_moves(std::size_t partition) const;

    void sort();
    bool has_room(std::size_t count) const { return steps_.size() - count_ >= count; }
    void add(Step::What what, std::size_t partition, NodeIndex from, NodeIndex to, std::uint32_t count, bool with_next);
    bool move_directly(std::size_t partition);
    bool move_processors(std::size_t partition);
    bool exchange(NodeIndex a, NodeIndex b);
    bool exchange_all();
    bool go_round();
    bool make_room_for_table();
    void processors_at_once();

    const Valuation& valuation_;
    const Allocation& target_;
    std::span<Step> steps_;
    std::size_t count_ = 0;
    Allocation now_;
    std::span<std::uint16_t> all_;   // room for all partitions
    std::span<std::uint16_t> order_; // those that are still to move, in the order of what they gain
    bool full_ = false;
};

} // namespace transom::affinity
