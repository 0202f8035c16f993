// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <transom/affinity/fit.hpp>
#include <transom/base/address.hpp>

namespace transom::affinity {

/// A partition as plans see it. What one may not know of another is not in here.
struct Partition {
    Size size;
    bool stays = false; // protected by the operator, or it cannot be moved now
    bool asked = false; // it is for this one that a plan is made
};

/// Which partition has what on which node. A node may have more virtual processors at home than it has processing; then it has no room.
class Allocation {
  public:
    static Bytes room_for(std::size_t nodes, std::size_t partitions);
    /// `room`: room_for bytes of the owner's at a multiple of 8. No partition has anything yet.
    Allocation(const Nodes& nodes, std::span<const Partition> partitions, std::span<std::byte> room);

    const Nodes& nodes() const { return *nodes_; }
    std::span<const Partition> partitions() const { return partitions_; }
    Place place(std::size_t partition) const { return {on(partition), tables_[partition]}; }
    /// What nobody has.
    std::span<const Amounts> free() const { return free_; }

    /// A partition that has nothing gets this place.
    void put(std::size_t partition, const Place& place);
    /// It has nothing any more; its page table has no room.
    void lift(std::size_t partition);

    void move_memory(std::size_t partition, NodeIndex from, NodeIndex to, std::uint32_t blocks);
    void move_processing(std::size_t partition, NodeIndex from, NodeIndex to, std::uint32_t processing);
    void move_page_table(std::size_t partition, NodeIndex to);

    /// Becomes the same as the other one, of the same nodes and partitions.
    void copy(const Allocation& other);

  private:
    std::span<Amounts> on(std::size_t partition) const {
        return on_.subspan(partition * nodes_->count(), nodes_->count());
    }
    void count_free(NodeIndex node);
    void move(std::size_t partition, NodeIndex from, NodeIndex to, std::uint32_t Amounts::*what, std::uint32_t amount);

    const Nodes* nodes_;
    std::span<const Partition> partitions_;
    std::span<Amounts> on_;       // by partition and node
    std::span<Amounts> used_;     // by node, page tables included
    std::span<Amounts> free_;     // by node
    std::span<NodeIndex> tables_; // by partition
};

} // namespace transom::affinity
