// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <recorded_slots.hpp>
#include <transom/hpt/entry.hpp>
#include <transom/hpt/hash.hpp>

namespace transom::hpt {

/// A processor that walks a recorded table: it loads valid entries into its TLB, forgets them only when told to, and sets R
/// at the first access and C at the first store through each copy that it has, in whatever is in the slot then.
class Walker {
  public:
    Walker(RecordedMemory& memory, Format format) : memory_(memory), format_(format) {}

    /// Whether the access could be made.
    bool access(papr::Ptex slot, bool store) {
        auto& entry = memory_.entries[slot.value];
        auto held = tlb_.find(slot.value);
        if (held == tlb_.end()) {
            if ((entry[0] & papr::d0::valid) == 0)
                return false;
            held = tlb_.emplace(slot.value, Held{page_of(slot), entry[1], (entry[1] & papr::d1::changed) != 0}).first;
            entry[1] |= papr::d1::referenced;
        }
        if (store && !held->second.changed) {
            held->second.changed = true;
            entry[1] |= papr::d1::changed;
        }
        return true;
    }

    void flush(const VirtualPage& page) {
        std::erase_if(tlb_, [&](const auto& held) { return held.second.page == page; });
    }

    void flush_all() { tlb_.clear(); }

    bool holds(papr::Ptex slot) const { return tlb_.contains(slot.value); }
    std::uint64_t held_protection(papr::Ptex slot) const { return tlb_.at(slot.value).d1 & papr::d1::protection; }

  private:
    struct Held {
        VirtualPage page;
        std::uint64_t d1;
        bool changed;
    };
    VirtualPage page_of(papr::Ptex slot) const {
        const auto& entry = memory_.entries[slot.value];
        const std::uint64_t d0 = to_papr_d0(format_, {entry[0], entry[1]});
        return virtual_page(d0, decode_page_sizes({d0, entry[1]}).value(), slot);
    }

    RecordedMemory& memory_;
    Format format_;
    std::map<std::uint64_t, Held> tlb_;
};

} // namespace transom::hpt
