// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <transom/base/address.hpp>

namespace transom::memory {

/// The unit in which real memory is owned.
constexpr Bytes frame_size = kib(64);

/// Who owns a frame of real memory.
enum class FrameState : std::uint8_t {
    absent,     // no memory there, or the firmware's
    free,       // ours to give; scrubbed
    partition,  // logical memory of a partition
    page_table, // hashed page table and its guest words
    hypervisor, // our image, stacks, rings, buffers
};

enum class FrameError {
    none_left, // no run of free frames of that size and alignment
};

/// The one owner of real memory. Every frame is in exactly one state; release scrubs before a frame is free again.
class Frames {
  public:
    /// `states` covers real memory from address 0, one per frame, and lives as long as this object.
    explicit Frames(std::span<FrameState> states);

    /// Memory that exists: absent -> free. Not scrubbed here: firmware memory has no partition's secrets. Frames that
    /// the range covers partly, or that `states` does not reach, stay absent.
    void add(RealRange range);
    /// Takes a fixed range out of the free memory (image, firmware, device tree, initrd). Frames touched partly go
    /// whole. Frames that are absent or reserved already stay what they are.
    void reserve(RealRange range, FrameState as);

    /// Takes `size` bytes at a multiple of `alignment`, zeroed: the lowest that fit. Both are multiples of frame_size,
    /// and alignment is a power of two.
    std::expected<RealAddr, FrameError> allocate(Bytes size, Bytes alignment, FrameState as);
    /// Scrubs and gives back what allocate returned. It panics where the range is not all in state `was`.
    void release(RealRange range, FrameState was);

    FrameState state(RealAddr address) const;
    Bytes total(FrameState state) const;

  private:
    std::span<FrameState> states_;
};

} // namespace transom::memory
