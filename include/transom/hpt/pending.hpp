// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <papr/hpt.hpp>
#include <transom/base/panic.hpp>
#include <transom/hpt/entry.hpp>
#include <transom/hpt/flush.hpp>
#include <utility>

namespace transom::hpt {

/// A change of the table that has been begun. Its slot is locked, and invalid wherever there is an obligation, because R
/// and C of an entry are final only when no TLB holds it any more (ISA 3.0B Book III 5.10.1:
/// invalidate, flush, only then read). The caller discharges the obligation through <arch/tlb.hpp> and hands the receipt
/// to the function of the table that finishes the change; dropping a begun change is a panic.
template <class Work> class [[nodiscard]] Pending {
  public:
    Pending() = default; // nothing begun
    Pending(papr::Ptex slot, const FlushObligation& obligation, const Work& work)
        : slot_(slot), obligation_(obligation), work_(work), open_(true) {}
    Pending(Pending&& other) noexcept
        : slot_(other.slot_), obligation_(other.obligation_), work_(other.work_),
          open_(std::exchange(other.open_, false)) {}
    Pending& operator=(Pending&&) = delete;
    ~Pending() { invariant(!open_, "a page table change was begun and not finished"); }

    papr::Ptex slot() const { return slot_; }
    const FlushObligation& obligation() const { return obligation_; }

    /// For the table: the work, if the obligation has been discharged.
    const Work& close(const Flushed& receipt) {
        invariant(open_ && receipt.page() == obligation_, "a page table change was finished without its flush");
        open_ = false;
        return work_;
    }

  private:
    papr::Ptex slot_;
    FlushObligation obligation_;
    Work work_{};
    bool open_ = false;
};

struct EnterWork {
    HardwareEntry entry;
    std::uint64_t guest_word;
    std::uint64_t previous_d0; // what the slot goes back to if the call is abandoned
};

struct RemoveWork {
    papr::PageTableEntry entry; // R and C still to come
};

/// What the entries of one H_BLOCK_REMOVE have in common: the first of them says it.
struct BlockAnchor {
    papr::PageSizes sizes;
    papr::SegmentSize segment;
    std::uint64_t avpn;  // bits 0-56 of d0
    std::uint64_t index; // the address in blocks
};

/// Slots that H_CLEAR_HPT empties with one flush: locked and invalid from begin to finish.
struct [[nodiscard]] ClearBatch {
    static constexpr unsigned size = 512;
    papr::Ptex first;
    std::array<std::uint64_t, size / 64> taken{}; // slot first + i: bit i % 64 of word i / 64
    bool must_flush = false;
};

/// A change of d1: of the protection, or of R and C.
struct ModifyWork {
    std::uint64_t d0; // the machine's, unlocked, as it was
    std::uint64_t guest_word;
    std::uint64_t clear; // bits of d1
    std::uint64_t set;
};

} // namespace transom::hpt
