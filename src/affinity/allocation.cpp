// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <new>
#include <transom/affinity/allocation.hpp>
#include <transom/affinity/room.hpp>

namespace transom::affinity {

Bytes Allocation::room_for(std::size_t nodes, std::size_t partitions) {
    return bytes_for<Amounts>(nodes * partitions) + 2 * bytes_for<Amounts>(nodes) + bytes_for<NodeIndex>(partitions);
}

Allocation::Allocation(const Nodes& nodes, std::span<const Partition> partitions, std::span<std::byte> room)
    : nodes_(&nodes), partitions_(partitions) {
    Room pieces(room);
    on_ = pieces.take<Amounts>(nodes.count() * partitions.size());
    used_ = pieces.take<Amounts>(nodes.count());
    free_ = pieces.take<Amounts>(nodes.count());
    tables_ = pieces.take<NodeIndex>(partitions.size());
    std::ranges::copy(nodes.capacity(), free_.begin());
}

void Allocation::count_free(NodeIndex node) {
    const Amounts capacity = nodes_->capacity()[node], used = used_[node];
    free_[node] = {capacity.memory - std::min(capacity.memory, used.memory),
                   capacity.processing - std::min(capacity.processing, used.processing)};
}

void Allocation::put(std::size_t partition, const Place& place) {
    const auto mine = on(partition);
    tables_[partition] = place.page_table;
    for (NodeIndex n = 0; n < mine.size(); ++n) {
        mine[n] = place.on[n];
        const std::uint32_t table = n == place.page_table ? partitions_[partition].size.page_table : 0;
        if (mine[n].none() && table == 0)
            continue;
        used_[n].memory += mine[n].memory + table;
        used_[n].processing += mine[n].processing;
        count_free(n);
    }
}

void Allocation::lift(std::size_t partition) {
    const auto mine = on(partition);
    for (NodeIndex n = 0; n < mine.size(); ++n) {
        const std::uint32_t table = n == tables_[partition] ? partitions_[partition].size.page_table : 0;
        if (mine[n].none() && table == 0)
            continue;
        used_[n].memory -= mine[n].memory + table;
        used_[n].processing -= mine[n].processing;
        mine[n] = {};
        count_free(n);
    }
}

void Allocation::move(std::size_t partition, NodeIndex from, NodeIndex to, std::uint32_t Amounts::*what,
                      std::uint32_t amount) {
    on(partition)[from].*what -= amount;
    on(partition)[to].*what += amount;
    used_[from].*what -= amount;
    used_[to].*what += amount;
    count_free(from);
    count_free(to);
}

void Allocation::move_memory(std::size_t partition, NodeIndex from, NodeIndex to, std::uint32_t blocks) {
    move(partition, from, to, &Amounts::memory, blocks);
}

void Allocation::move_processing(std::size_t partition, NodeIndex from, NodeIndex to, std::uint32_t processing) {
    move(partition, from, to, &Amounts::processing, processing);
}

void Allocation::move_page_table(std::size_t partition, NodeIndex to) {
    const NodeIndex from = tables_[partition];
    used_[from].memory -= partitions_[partition].size.page_table;
    used_[to].memory += partitions_[partition].size.page_table;
    tables_[partition] = to;
    count_free(from);
    count_free(to);
}

void Allocation::copy(const Allocation& other) {
    std::ranges::copy(other.on_, on_.begin());
    std::ranges::copy(other.used_, used_.begin());
    std::ranges::copy(other.free_, free_.begin());
    std::ranges::copy(other.tables_, tables_.begin());
}

} // namespace transom::affinity
