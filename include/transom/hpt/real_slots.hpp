// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/real_memory.hpp>
#include <arch/tlb.hpp>
#include <array>
#include <atomic>
#include <span>
#include <transom/base/address.hpp>
#include <transom/base/big_endian.hpp>
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

    std::uint64_t d0(papr::Ptex slot) const { return big_endian(first(slot).load(std::memory_order_acquire)); }
    std::uint64_t d1(papr::Ptex slot) const { return big_endian(second(slot).load(std::memory_order_relaxed)); }
    void set_d0(papr::Ptex slot, std::uint64_t value) {
        first(slot).store(big_endian(value), std::memory_order_release);
    }
    void set_d1(papr::Ptex slot, std::uint64_t value) {
        second(slot).store(big_endian(value), std::memory_order_relaxed);
    }
    /// Whether d0 was `expected` and is `desired` now.
    bool exchange_d0(papr::Ptex slot, std::uint64_t expected, std::uint64_t desired) {
        std::uint64_t raw = big_endian(expected);
        return first(slot).compare_exchange_weak(raw, big_endian(desired), std::memory_order_acquire,
                                                 std::memory_order_relaxed);
    }
    std::uint64_t guest_word(papr::Ptex slot) const { return guest(slot).load(std::memory_order_relaxed); }
    void set_guest_word(papr::Ptex slot, std::uint64_t value) { guest(slot).store(value, std::memory_order_relaxed); }

    /// Stores before are seen by a table walk before stores after.
    void order() { arch::Tlb::order_updates(); }
    /// A walk after this sees all stores before.
    void complete() { arch::Tlb::complete_updates(); }

  private:
    using Raw = std::array<std::uint64_t, 2>;
    std::atomic_ref<std::uint64_t> first(papr::Ptex slot) const { return std::atomic_ref(entries_[slot.value][0]); }
    std::atomic_ref<std::uint64_t> second(papr::Ptex slot) const { return std::atomic_ref(entries_[slot.value][1]); }
    std::atomic_ref<std::uint64_t> guest(papr::Ptex slot) const { return std::atomic_ref(guest_words_[slot.value]); }

    Raw* entries_ = nullptr;
    std::span<std::uint64_t> guest_words_;
};

} // namespace transom::hpt
