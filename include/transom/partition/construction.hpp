// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <transom/partition/contents.hpp>
#include <transom/partition/create.hpp>
#include <transom/partition/kernel_image.hpp>
#include <transom/tree/partition_tree.hpp>

namespace transom::partition {

/// The making of a partition, in portions, as it takes long: its memory is scrubbed, where that has not been done before, and the
/// kernel and what else it starts with is copied. begin_*() decides whether it can be made; nothing fails after that. `partition` holds none
/// yet; its lpid is kept, everything else of it is made anew. Its state is `empty` until whoever makes it lets it run.
class Construction {
  public:
    /// A partition without contents, for one that arrives: memory, an empty page table and stopped virtual processors. After an error
    /// nothing is taken.
    std::expected<void, CreateError> begin_empty(Partition& partition, const Shape& shape, const Resources& from);
    /// A partition from its description: memory, page table, kernel, initramfs, the code for RTAS calls, device tree, and virtual processor
    /// 0 ready to enter the kernel. Bundle and scratch outlive the construction.
    std::expected<void, CreateError> begin(Partition& partition, const tree::PartitionDescription& description,
                                           const tree::Manifest& bundle, const Resources& from,
                                           std::span<std::byte> scratch);

    /// What it needs beside the partition's memory, while it has contents to make.
    static constexpr Bytes scratch_size =
        (tree::partition_tree_capacity + memory::frame_size - 1) / memory::frame_size * memory::frame_size;

    /// Whether there is more to do.
    bool under_way() const { return phase_ != Phase::over; }
    /// Whether the partition gets contents: else it arrives.
    bool has_contents() const { return has_contents_; }
    /// Does a portion of it, a frame's worth of memory.
    void step(Partition& partition, memory::Frames& frames);

  private:
    enum class Phase : std::uint8_t { scrubbing, kernel, initramfs, rest, over };

    std::expected<void, CreateError> plan(const Partition& partition, const tree::PartitionDescription& description,
                                          const Shape& shape, const tree::Manifest& bundle, const Resources& from);
    std::expected<void, CreateError> write_tree(const Partition& partition,
                                                const tree::PartitionDescription& description, const Shape& shape,
                                                const Resources& from);
    bool scrub_frame(const Partition& partition, memory::Frames& frames);
    bool load_kernel(Partition& partition);
    bool load_initramfs(Partition& partition);
    void finish(Partition& partition);

    Phase phase_ = Phase::over;
    bool has_contents_ = false;
    std::size_t piece_ = 0; // which of the partition's pieces of memory is being scrubbed,
    Bytes scrubbed_ = 0;    // and how much of it has been
    Contents contents_;
    KernelCursor cursor_;
    Bytes copied_ = 0;             // of the initramfs
    std::span<std::byte> scratch_; // where the device tree waits for the partition's memory
    Bytes tree_size_ = 0;
};

} // namespace transom::partition
