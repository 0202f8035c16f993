// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/real_memory.hpp>
#include <arch/table_memory.hpp>
#include <arch/tlb.hpp>
#include <array>
#include <atomic>
#include <span>
#include <transom/base/address.hpp>
#include <transom/base/panic.hpp>
#include <transom/hpt/entry.hpp>

namespace transom::hpt {

/// Where a table's slots are: entries in real memory, big-endian as the machine walks them, and one guest word per slot.
/// The machine reads entries at any moment and stores R and C of d1 while an entry is valid.
class RealSlots {
  public:
    RealSlots() = default;
    RealSlots(RealAddr table, std::span<std::uint64_t> guest_words)
        : entries_(reinterpret_cast<Raw*>(arch::real_pointer(table))), guest_words_(guest_words) {}

    std::uint64_t d0(papr::Ptex slot) const { return arch::load_table_word(entries_[slot.value][0]); }
    /// Before what is read after it.
    std::uint64_t d0_first(papr::Ptex slot) const { return arch::load_table_word_first(entries_[slot.value][0]); }
    std::uint64_t d1(papr::Ptex slot) const { return arch::load_table_word(entries_[slot.value][1]); }
    void set_d0(papr::Ptex slot, std::uint64_t value) { arch::release_table_word(entries_[slot.value][0], value); }
    void set_d1(papr::Ptex slot, std::uint64_t value) { arch::store_table_word(entries_[slot.value][1], value); }
    /// Sets bits of d1 of an entry that the machine may be walking, and set bits of, meanwhile.
    void merge_d1(papr::Ptex slot, std::uint64_t bits) { arch::merge_table_word(entries_[slot.value][1], bits); }
    /// Sets `bit` of d0 if it is clear there; whether it was.
    bool lock(papr::Ptex slot, std::uint64_t bit) { return arch::lock_table_word(entries_[slot.value][0], bit); }
    std::uint64_t guest_word(papr::Ptex slot) const { return guest(slot).load(std::memory_order_relaxed); }
    void set_guest_word(papr::Ptex slot, std::uint64_t value) { guest(slot).store(value, std::memory_order_relaxed); }

    /// Stores before are seen by a table walk before stores after.
    void order() { arch::Tlb::order_updates(); }
    /// A walk after this sees all stores before.
    void complete() { arch::Tlb::complete_updates(); }

  private:
    using Raw = std::array<std::uint64_t, 2>;
    std::atomic_ref<std::uint64_t> guest(papr::Ptex slot) const { return std::atomic_ref(guest_words_[slot.value]); }

    Raw* entries_ = nullptr;
    std::span<std::uint64_t> guest_words_;
};

} // namespace transom::hpt
