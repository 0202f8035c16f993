// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "explorer.hpp"
#include "mutation.hpp"
#include <papr/hpt.hpp>
#include <transom/base/panic.hpp>

namespace transom::interleave {

using papr::Ptex;

/// The words of the slots that a scene uses; all others are zero for ever, and looking at them is no step.
struct StepMemory {
    std::uint32_t first_place = 0;
    std::vector<Ptex> used;
    std::array<std::array<std::uint64_t, 3>, 2> words{};
    ResizeFault fault = ResizeFault::none;
    bool is_next = false;   // the table that takes the other one's place
    bool is_folded = false; // the other one, when it has

    std::array<std::uint64_t, 3>* find(Ptex slot) {
        for (std::size_t i = 0; i < used.size(); ++i)
            if (used[i] == slot)
                return &words[i];
        return nullptr;
    }
    std::uint32_t place(Ptex slot, unsigned word) const {
        std::uint32_t i = 0;
        while (used[i] != slot)
            ++i;
        return first_place + i * 3 + word;
    }
};

/// The Slots of hpt::Table in which each access is a step.
class StepSlots {
  public:
    StepSlots() = default;
    explicit StepSlots(StepMemory& memory) : memory_(&memory) {}

    std::uint64_t d0(Ptex slot) const { return load(slot, 0); }
    std::uint64_t d0_first(Ptex slot) const { return load(slot, 0); }
    std::uint64_t d1(Ptex slot) const { return load(slot, 1); }
    std::uint64_t guest_word(Ptex slot) const { return load(slot, 2); }
    void set_d0(Ptex slot, std::uint64_t value) {
        if (value == 0 && memory_->fault == ResizeFault::fold_leaves_the_old_entry && memory_->is_folded)
            return;
        if (std::uint64_t* const at = begin(slot, 0, true)) {
            *at = value;
            Explorer::changed(place(slot, 0));
        }
    }
    void set_d1(Ptex slot, std::uint64_t value) { *begin(slot, 1, true) = value; }
    void set_guest_word(Ptex slot, std::uint64_t value) { *begin(slot, 2, true) = value; }
    void merge_d1(Ptex slot, std::uint64_t bits) {
        if (memory_->fault == ResizeFault::plain_merge)
            return set_d1(slot, d1(slot) | bits);
        *begin(slot, 1, true) |= bits;
    }
    bool lock(Ptex slot, std::uint64_t bit) {
        std::uint64_t* const word = begin(slot, 0, true);
        invariant(word != nullptr, "a slot is locked that is none of the scene's");
        const bool was_free = (*word & bit) == 0;
        *word |= bit;
        return was_free || (memory_->fault == ResizeFault::place_has_no_lock && memory_->is_next);
    }
    void order() {}
    void complete() {}

  private:
    std::uint32_t place(Ptex slot, unsigned word) const { return memory_->place(slot, word); }
    std::uint64_t* begin(Ptex slot, unsigned word, bool write) const {
        auto* const at = memory_->find(slot);
        if (at == nullptr)
            return nullptr;
        Explorer::step({.place = place(slot, word), .write = write});
        return &(*at)[word];
    }
    std::uint64_t load(Ptex slot, unsigned word) const {
        const std::uint64_t* const at = begin(slot, word, false);
        return at == nullptr ? 0 : *at;
    }

    StepMemory* memory_ = nullptr;
};

} // namespace transom::interleave
