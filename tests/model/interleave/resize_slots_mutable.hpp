// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "step_slots.hpp"
#include <array>
#include <transom/dual/resize_slots.hpp>

namespace transom::interleave {

/// The code under test, or with one thing wrong.
class MutableResizeSlots : public dual::ResizeSlots<StepSlots> {
  public:
    using Base = dual::ResizeSlots<StepSlots>;
    MutableResizeSlots() = default;
    MutableResizeSlots(dual::ResizeRole role, StepSlots own, StepSlots other, unsigned own_log2, unsigned other_log2,
                       hpt::Format format, dual::ResizeShared& shared)
        : Base(role, own, other, own_log2, other_log2, format, shared), fault_(planted),
          is_old_(role == dual::ResizeRole::before) {}

    /// Of the slots that are made from now on.
    static inline ResizeFault planted = ResizeFault::none;
    /// Who copies or folds.
    static inline std::array<bool, Explorer::max_actors + 1> portions{};
    struct Portion {
        Portion() { portions[Explorer::actor()] = true; }
        ~Portion() { portions[Explorer::actor()] = false; }
        Portion(const Portion&) = delete;
        Portion& operator=(const Portion&) = delete;
    };

    bool lock(Ptex slot, std::uint64_t bit) {
        const bool portion = portions[Explorer::actor()];
        if (portion && is_old_ && fault_ == ResizeFault::copies_without_lock)
            return true;
        if (portion && !is_old_ && fault_ == ResizeFault::folds_without_lock)
            return Base::lock(slot, 0); // no bit: it is free, and stays so
        if (!portion && !is_old_ && fault_ == ResizeFault::call_does_not_fold)
            return own().lock(slot, bit);
        return Base::lock(slot, bit);
    }
    void mirror(Ptex slot, const hpt::HardwareEntry& entry, std::uint64_t guest_word) {
        if (fault_ != ResizeFault::call_leaves_the_new_table)
            Base::mirror(slot, entry, guest_word);
    }

  private:
    ResizeFault fault_ = ResizeFault::none;
    bool is_old_ = false;
};

} // namespace transom::interleave
