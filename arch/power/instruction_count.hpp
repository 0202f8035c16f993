// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "spr.hpp"

#include <cstdint>
#include <transom/base/bits.hpp>

namespace arch {

/// Counts instructions of the hypervisor by PMC5, and leaves the performance monitor as the partition had it. On QEMU it counts runs that
/// end in a direct branch only (docs/bench.md), so its numbers compare with their like.
class InstructionCount {
  public:
    InstructionCount()
        : mmcr0_(mfspr<Spr::mmcr0>()), mmcr2_(mfspr<Spr::mmcr2>()), theirs_(mfspr<Spr::pmc5>()),
          their_cycles_(mfspr<Spr::pmc6>()) {
        mtspr<Spr::mmcr2>(0);                 // frozen in no state
        mtspr<Spr::mmcr0>(others_are_frozen); // and no interrupt where one overflows
        begin_ = now();
    }
    InstructionCount(const InstructionCount&) = delete;
    ~InstructionCount() {
        mtspr<Spr::mmcr0>(frozen);
        mtspr<Spr::pmc5>(theirs_);
        mtspr<Spr::pmc6>(their_cycles_); // it counts wherever PMC5 does
        mtspr<Spr::mmcr2>(mmcr2_);
        mtspr<Spr::mmcr0>(mmcr0_);
    }

    /// Since it began.
    std::uint64_t count() const { return static_cast<std::uint32_t>(now() - begin_); }

  private:
    static constexpr std::uint64_t frozen = transom::ibm_bit(32);
    static constexpr std::uint64_t others_are_frozen = transom::ibm_bit(58); // FC1-4: PMC1 to PMC4

    /// QEMU adds to it at the end of a run of instructions: it is read right behind one.
    static std::uint64_t now() {
        std::uint64_t value;
        asm volatile("b 1f\n1:\tmfspr %0, %1" : "=r"(value) : "i"(static_cast<int>(Spr::pmc5)) : "memory");
        return value;
    }

    std::uint64_t mmcr0_, mmcr2_, theirs_, their_cycles_, begin_;
};

} // namespace arch
