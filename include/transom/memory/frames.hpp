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
    free,       // ours to give; nothing of a partition's is in it
    dirty,      // given back and not scrubbed yet
    partition,  // logical memory of a partition
    page_table, // hashed page table and its guest words
    hypervisor, // our image, stacks, rings, buffers
};

enum class FrameError {
    none_left, // no run of frames of that size and alignment that nobody has
};

/// What whoever takes memory finds in it.
enum class Contents : std::uint8_t {
    zero, // zeroed at once, so for what is small
    any,  // the caller lets nobody look before zero() has been over it, or fills it
};

/// The one owner of real memory. Every frame is in exactly one state. What is given back is scrubbed before it is free, in portions, as
/// that of a partition takes long; a frame that is not scrubbed yet goes only to who scrubs it first, or writes over all that anybody reads of it.
class Frames {
  public:
    static constexpr RealRange everywhere{{0}, ~Bytes{0}};

    /// `states` covers real memory from address 0, one per frame, and lives as long as this object.
    explicit Frames(std::span<FrameState> states);

    /// Memory that exists: absent -> free. Not scrubbed here: firmware memory has no partition's secrets. Frames that
    /// the range covers partly, or that `states` does not reach, stay absent.
    void add(RealRange range);
    /// Takes a fixed range out of the free memory (image, firmware, device tree, initrd). Frames touched partly go
    /// whole. Frames that are absent or reserved already stay what they are.
    void reserve(RealRange range, FrameState as);

    /// Takes `size` bytes at a multiple of `alignment`: the lowest that fit, all of them in `within`. Size and alignment are multiples of
    /// frame_size, and alignment is a power of two.
    std::expected<RealAddr, FrameError> allocate(Bytes size, Bytes alignment, FrameState as,
                                                 Contents contents = Contents::zero, RealRange within = everywhere);
    /// How many pieces of that size, each at a multiple of it (a power of two), nobody has in that range.
    std::uint64_t count_free(Bytes size, RealRange within) const;
    /// Zeroes those of an owner's frames that are not known to have been zero when he got them.
    void zero(RealRange range);
    /// Whether zero() would find nothing to do.
    bool is_zeroed(RealRange range) const;
    /// Gives back what allocate returned: it is dirty. It panics where the range is not all in state `was`.
    void release(RealRange range, FrameState was);

    /// Scrubs the next frame that is dirty, which is free then. False: there is none.
    bool scrub_one();
    /// Of a moment: was_scrubbed() says later whether all that was dirty then has been scrubbed, or given away, though other memory has been
    /// given back since.
    std::uint64_t mark() const;
    bool was_scrubbed(std::uint64_t mark) const { return dirty_ == 0 || passed_ >= mark; }

    Bytes total(FrameState state) const;
    /// What allocate() can give.
    Bytes available() const { return total(FrameState::free) + dirty_ * frame_size; }

  private:
    std::span<FrameState> run_of(RealRange range) const;
    std::uint64_t end_of(RealRange range) const;

    std::span<FrameState> states_;
    std::uint64_t dirty_ = 0;
    std::uint64_t cursor_ = 0; // scrub_one() goes round and round: here it goes on,
    std::uint64_t passed_ = 0; // and so many frames lie behind it
};

} // namespace transom::memory
