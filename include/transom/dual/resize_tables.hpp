// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <transom/dual/resize_slots.hpp>
#include <transom/hpt/real_mode_impl.hpp>
#include <transom/hpt/removal_impl.hpp>

namespace transom::dual {

/// The page table of a partition and the one of another size that takes its place. Between begin() and change_over() calls of the
/// partition act on table(), which is the old one and keeps what is bolted in the new one too; from then on table() is the new one, which
/// takes R and C of each entry over from the old one. What is done in portions is done by one processor.
template <class Slots, class Paired = ResizeSlots<Slots>> class ResizeTables {
  public:
    using Table = hpt::Table<Paired>;

    /// `next`: 2^log2_bytes bytes of zeroed slots and guest words. `first` outlives it, with its turns; its slots are those in use.
    void begin(hpt::Table<Slots>& first, Slots next, unsigned log2_bytes) {
        const unsigned old_log2 = first.log2_bytes();
        const hpt::TableOptions& options = first.options();
        shared_.full = false;
        shared_.mirrors = false;
        shared_.folds = false;
        shared_.turns = &first.turns();
        before_.init(Paired(ResizeRole::before, first.slots(), next, old_log2, log2_bytes, options.format, shared_),
                     old_log2, options);
        after_.init(Paired(ResizeRole::after, next, first.slots(), log2_bytes, old_log2, options.format, shared_),
                    log2_bytes, options);
        table_ = &before_;
        cursor_ = 0;
    }

    /// Puts what is bolted in the next so many slots of the old table into the new one. True: that was the end. Whoever changes the old
    /// table does so by table(): others have been waited for.
    bool copy(std::uint64_t slots) {
        if (cursor_ == 0) {
            shared_.mirrors.store(true, std::memory_order_relaxed);
            std::atomic_thread_fence(std::memory_order_seq_cst);
        }
        return portion(before_, slots, &ResizeTables::copy_one);
    }

    /// Nobody is in a call, nobody walks the old table, and all TLBs have been flushed of it.
    void change_over() {
        shared_.folds = true;
        table_ = &after_;
        cursor_ = 0;
    }
    /// Takes over R and C of what is in the next so many slots of the old table. True: that was the end, and it is not looked at again.
    bool fold(std::uint64_t slots) { return portion(before_, slots, &ResizeTables::fold_one); }

    /// For calls.
    Table& table() { return *table_; }
    /// The new one, for whoever walks it already.
    Table& next() { return after_; }
    /// A bolted entry has found another one in its slot of the new table.
    bool full() const { return shared_.full.load(std::memory_order_relaxed); }

  private:
    bool portion(const Table& old, std::uint64_t slots, void (ResizeTables::*one)(papr::Ptex)) {
        const std::uint64_t end = std::min(old.slot_count(), cursor_ + slots);
        for (; cursor_ < end; ++cursor_)
            (this->*one)({cursor_});
        return cursor_ == old.slot_count();
    }
    static bool may_be_kept(std::uint64_t d0) {
        constexpr std::uint64_t both = papr::d0::valid | papr::d0::bolted;
        return (d0 & both) == both;
    }
    void copy_one(papr::Ptex slot) {
        Paired slots = before_.slots();
        const std::uint64_t d0 = slots.d0(slot);
        if ((d0 & hpt::table_detail::lock_bit) == 0 && !may_be_kept(d0))
            return;
        while (!slots.lock(slot, hpt::table_detail::lock_bit))
            arch::relax();
        slots.copy(slot);
        slots.set_d0(slot, slots.d0(slot) & ~hpt::table_detail::lock_bit);
    }
    void fold_one(papr::Ptex slot) {
        Paired old = before_.slots();
        const std::uint64_t d0 = old.d0(slot);
        if (!may_be_kept(d0))
            return;
        const auto place = old.kept_at(slot, {d0, old.d1(slot)}, old.guest_word(slot));
        if (!place)
            return;
        Paired slots = after_.slots();
        while (!slots.lock(*place, hpt::table_detail::lock_bit)) // and with that it is done
            arch::relax();
        slots.set_d0(*place, slots.d0(*place) & ~hpt::table_detail::lock_bit);
    }

    ResizeShared shared_;
    Table before_, after_;
    Table* table_ = &before_;
    std::uint64_t cursor_ = 0;
};

} // namespace transom::dual
