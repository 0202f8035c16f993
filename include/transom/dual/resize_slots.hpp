// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/relax.hpp>
#include <atomic>
#include <optional>
#include <transom/hpt/image.hpp>
#include <transom/hpt/table.hpp>
#include <transom/hpt/table_impl.hpp>

namespace transom::dual {

/// What calls and the hypervisor share about a page table that is being resized.
struct ResizeShared {
    /// The copy has begun: what has not been copied yet will be, and what is changed from now on goes to both. Before that calls that know the old
    /// table only may still change what another one has entered.
    std::atomic<bool> mirrors = false;
    /// A bolted entry has no room in the new table: another one has its slot.
    std::atomic<bool> full = false;
    /// Nobody walks the old table, and no TLB has anything of it: its R and C are final.
    std::atomic<bool> folds = false;
    hpt::TableTurns* turns = nullptr; // of the partition's table
};

enum class ResizeRole : std::uint8_t {
    before, // the old table, which is in use: what is bolted is kept in the new one too
    after,  // the new table: who takes a slot's lock takes over R and C of the entry's old place first
};

/// The slots of a table that has another one of another size beside it, for hpt::Table: the page table as calls see it while it is being
/// resized. A slot's lock guards the entry's place in the other table too. `before`: several slots of a larger table may have the same place
/// in a smaller one, which therefore has a lock of its own, innermost and for a few stores. Each of the two is a `Slots` with guest words.
template <class Slots> class ResizeSlots {
  public:
    using Single = Slots;

    ResizeSlots() = default;
    ResizeSlots(ResizeRole role, Slots own, Slots other, unsigned own_log2, unsigned other_log2, hpt::Format format,
                ResizeShared& shared)
        : own_(own), other_(other), shared_(&shared), own_log2_(own_log2), other_log2_(other_log2), role_(role),
          format_(format) {}

    std::uint64_t d0(papr::Ptex slot) const { return own_.d0(slot); }
    std::uint64_t d0_first(papr::Ptex slot) const { return own_.d0_first(slot); }
    std::uint64_t d1(papr::Ptex slot) const { return own_.d1(slot); }
    void set_d0(papr::Ptex slot, std::uint64_t value) { own_.set_d0(slot, value); }
    void set_d1(papr::Ptex slot, std::uint64_t value) { own_.set_d1(slot, value); }
    bool lock(papr::Ptex slot, std::uint64_t bit) {
        if (!own_.lock(slot, bit))
            return false;
        if (role_ == ResizeRole::before)
            // Locked first, then `mirrors` looked at; who copies does it the other way round, and waits for locks.
            std::atomic_thread_fence(std::memory_order_seq_cst);
        else if (shared_->folds.load(std::memory_order_acquire))
            fold(slot);
        return true;
    }
    std::uint64_t guest_word(papr::Ptex slot) const { return own_.guest_word(slot); }
    void set_guest_word(papr::Ptex slot, std::uint64_t value) { own_.set_guest_word(slot, value); }
    void order() { own_.order(); }
    void complete() { own_.complete(); }

    /// Before the locked slot gets another entry, or none: what it held until now is in it still, without V.
    void mirror(papr::Ptex slot, const hpt::HardwareEntry& entry, std::uint64_t guest_word) {
        if (role_ != ResizeRole::before || !shared_->mirrors.load(std::memory_order_relaxed))
            return;
        hpt::HardwareEntry old = held(slot);
        old.d0 |= papr::d0::valid;
        if (const auto place = kept_at(slot, old, own_.guest_word(slot)))
            take_out(*place, old, own_.guest_word(slot));
        if (const auto place = kept_at(slot, entry, guest_word))
            put(*place, entry, guest_word);
    }
    /// The entry of a locked slot goes to the new table if it is one of those that are kept; it may be there already.
    void copy(papr::Ptex slot) {
        if (const auto place = kept_at(slot, held(slot), own_.guest_word(slot)))
            put(*place, held(slot), own_.guest_word(slot));
    }

    hpt::TableTurns& turns() { return *shared_->turns; }
    Slots& own() { return own_; }
    Slots& other() { return other_; }
    /// Where an entry of `own` has its place in the other table; nothing where it is none that a resize keeps: one that is not bolted, or
    /// that is not in its group, so that no walk finds it.
    std::optional<papr::Ptex> kept_at(papr::Ptex slot, const hpt::HardwareEntry& entry,
                                      std::uint64_t guest_word) const {
        if ((entry.d0 & papr::d0::valid) == 0 || (entry.d0 & papr::d0::bolted) == 0)
            return {};
        const std::uint64_t d0 = hpt::to_papr_d0(format_, entry);
        const papr::PageSizes sizes = hpt::page_sizes({d0, guest_word});
        if (hpt::image_of(d0, sizes, slot, own_log2_) != slot)
            return {};
        return hpt::image_of(d0, sizes, slot, other_log2_);
    }

  private:
    static constexpr std::uint64_t lock_bit = hpt::table_detail::lock_bit;

    hpt::HardwareEntry held(papr::Ptex slot) const { return {own_.d0(slot) & ~lock_bit, own_.d1(slot)}; }
    void lock_other(papr::Ptex place) {
        while (!other_.lock(place, lock_bit))
            arch::relax();
    }
    bool holds(papr::Ptex place, const hpt::HardwareEntry& entry, std::uint64_t guest_word) const {
        return (other_.d0(place) & ~lock_bit) == entry.d0 && ((other_.d1(place) ^ entry.d1) & ~papr::d1::usage) == 0 &&
               other_.guest_word(place) == guest_word;
    }
    void put(papr::Ptex place, const hpt::HardwareEntry& entry, std::uint64_t guest_word) {
        lock_other(place);
        const std::uint64_t now = other_.d0(place) & ~lock_bit;
        if (now == 0) {
            other_.set_guest_word(place, guest_word);
            other_.set_d1(place, entry.d1 & ~papr::d1::usage); // R and C are the old entry's until it is walked no more
            other_.order();
            other_.set_d0(place, entry.d0);
            return;
        }
        if (!holds(place, entry, guest_word))
            shared_->full.store(true, std::memory_order_relaxed);
        other_.set_d0(place, now);
    }
    void take_out(papr::Ptex place, const hpt::HardwareEntry& entry, std::uint64_t guest_word) {
        lock_other(place);
        const bool its = holds(place, entry, guest_word); // else it found no room there
        const std::uint64_t now = other_.d0(place) & ~lock_bit;
        if (its) {
            other_.set_guest_word(place, 0);
            other_.set_d1(place, 0);
        }
        other_.set_d0(place, its ? 0 : now);
    }
    /// R and C of the entry's old place, once: the old entry is gone then.
    void fold(papr::Ptex slot) {
        const hpt::HardwareEntry now = held(slot);
        const auto place = kept_at(slot, now, own_.guest_word(slot));
        if (!place || other_.d0(*place) != now.d0)
            return;
        const std::uint64_t old = other_.d1(*place);
        if (((old ^ now.d1) & ~papr::d1::usage) != 0)
            return;
        if ((old & papr::d1::usage) != 0)
            own_.merge_d1(slot, old & papr::d1::usage);
        other_.set_d0(*place, 0);
    }

    Slots own_, other_;
    ResizeShared* shared_ = nullptr;
    unsigned own_log2_ = 0, other_log2_ = 0;
    ResizeRole role_ = ResizeRole::before;
    hpt::Format format_ = hpt::Format::isa_3_0;
};

} // namespace transom::dual
