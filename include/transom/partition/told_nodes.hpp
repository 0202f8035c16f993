// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/base/static_vector.hpp>
#include <transom/partition/create.hpp>
#include <transom/partition/partition.hpp>
#include <transom/tree/partition_tree.hpp>

namespace transom::partition {

/// Where a partition's virtual processors and memory lie now, as its device tree tells it.
class ToldNodes {
  public:
    /// Of the nodes of `from`, where there are several and the partition may ask for its home nodes; else nothing is told.
    /// What is below start_limit is told as lying where most of it does: an operating system has to start in the first run of memory.
    ToldNodes(const Partition& partition, const Resources& from);

    /// Views of this object.
    tree::TreeNodes tree_nodes() const;

  private:
    const HomeNodes* nodes_ = nullptr; // null: nothing is told
    StaticVector<std::uint8_t, max_vcpus> of_processor_;
    StaticVector<std::uint8_t, tree::max_tree_units> of_memory_;
    Bytes unit_ = 0;
};

} // namespace transom::partition
