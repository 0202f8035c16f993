// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/relax.hpp>
#include <transom/hpt/table.hpp>

// Definitions of Table, for whoever instantiates it: src/hpt/hashed_page_table.cpp and the tests; and the hypervisor calls,
// into which they are inlined, so that what goes from begin_ to finish_ stays in registers.
namespace transom::hpt {

namespace table_detail {
constexpr std::uint64_t lock_bit = 0x40; // d0 bit 57
constexpr std::uint64_t valid = papr::d0::valid;
} // namespace table_detail

template <class Slots> void Table<Slots>::init(Slots slots, unsigned log2_bytes, const TableOptions& options) {
    invariant(log2_bytes >= papr::min_log2_table_size && log2_bytes <= papr::max_log2_table_size,
              "size of a hashed page table out of range");
    slots_ = slots;
    log2_bytes_ = log2_bytes;
    slot_count_ = std::uint64_t{1} << (log2_bytes - papr::log2_entry_size);
    options_ = options;
    if constexpr (!SharesTurns<Slots>)
        turns_.clear_from = 0;
}

template <class Slots>
[[gnu::always_inline]] inline typename Table<Slots>::Contents Table<Slots>::contents(papr::Ptex slot) const {
    return {slots_.d0(slot) & ~table_detail::lock_bit, slots_.d1(slot), slots_.guest_word(slot)};
}

/// Without the lock: true at no one moment, but not older than d0.
template <class Slots>
[[gnu::always_inline]] inline typename Table<Slots>::Contents Table<Slots>::peek(papr::Ptex slot) const {
    const std::uint64_t d0 = slots_.d0_first(slot);
    return {d0 & ~table_detail::lock_bit, slots_.d1(slot), slots_.guest_word(slot)};
}

template <class Slots>
[[gnu::always_inline]] inline typename Table<Slots>::Contents Table<Slots>::lock(papr::Ptex slot) {
    while (!slots_.lock(slot, table_detail::lock_bit))
        arch::relax();
    return contents(slot);
}

template <class Slots>
[[gnu::always_inline]] inline papr::PageTableEntry Table<Slots>::view(const Contents& held) const {
    if (held.ours())
        return {};
    const std::uint64_t usage = held.valid() ? held.d1 & papr::d1::usage : 0;
    return {to_papr_d0(options_.format, {held.d0, held.d1}), held.guest_word | usage};
}

/// Only for slots whose entry came through translate() or insert_real_mode(): its sizes are legal.
template <class Slots>
[[gnu::always_inline]] inline VirtualPage Table<Slots>::page_in(papr::Ptex slot, const Contents& held) const {
    const papr::PageTableEntry entry{to_papr_d0(options_.format, {held.d0, held.d1}), held.guest_word};
    return virtual_page(entry.d0, page_sizes(entry), slot);
}

/// The entry is there no longer for a walk that begins now, and the slot stays locked.
template <class Slots>
[[gnu::always_inline]] inline void Table<Slots>::invalidate(papr::Ptex slot, const Contents& held) {
    if constexpr (Twinned<Slots>)
        slots_.drop_twin(slot);
    slots_.set_d0(slot, (held.d0 & ~table_detail::valid) | table_detail::lock_bit);
}

template <class Slots>
[[gnu::always_inline]] inline void Table<Slots>::write(papr::Ptex slot, const HardwareEntry& entry,
                                                       std::uint64_t guest_word) {
    if constexpr (Twinned<Slots>)
        slots_.forget_twin(slot);
    if constexpr (Mirrored<Slots>)
        slots_.mirror(slot, entry, guest_word);
    slots_.set_guest_word(slot, guest_word);
    slots_.set_d1(slot, entry.d1);
    slots_.order();
    slots_.set_d0(slot, entry.d0); // and unlocked
    slots_.complete();
    if constexpr (Twinned<Slots>)
        slots_.changed(slot);
}

template <class Slots>
[[gnu::always_inline]] inline Attempt<HardwareEntry> Table<Slots>::translate(
    const NewEntry& what, const memory::LogicalMemory& memory) const {
    if (what.sizes.actual == papr::PageSize::mib_16 && !options_.large_pages)
        return std::unexpected(TableError::page_size);
    if (!representable(options_.format, what.entry.d0))
        return std::unexpected(TableError::virtual_page);
    // In one block, and aligned there: a page is not larger than a block, and a multiple of its size.
    const auto real = memory.translate(what.page(), papr::bytes(what.sizes.actual));
    if (!real)
        return std::unexpected(TableError::address);
    if ((what.entry.d1 & papr::d1::wimg) != papr::d1::wimg_memory)
        return std::unexpected(TableError::cache_attributes);
    return to_hardware(options_.format, what.entry, what.sizes, *real);
}

/// Locks a slot that is free for the partition: that one, or the first of its group. A locked slot is passed over at first,
/// because it may be in use again before its lock comes free; the second round waits for it.
template <class Slots>
[[gnu::always_inline]] inline std::optional<typename Table<Slots>::Claim> Table<Slots>::claim(papr::Ptex slot,
                                                                                              bool exact) {
    const papr::Ptex first = exact ? slot : papr::ptex(slot.group(), 0);
    const papr::Ptex end{first.value + (exact ? 1 : papr::slots_per_group)};
    for (bool wait = false;; wait = true) {
        for (papr::Ptex candidate = first; candidate < end; ++candidate.value) {
            if (peek(candidate).the_partitions())
                continue;
            if (!wait && !slots_.lock(candidate, table_detail::lock_bit)) [[unlikely]]
                continue;
            const Contents held = wait ? lock(candidate) : contents(candidate);
            if (!held.the_partitions()) [[likely]]
                return Claim{candidate, held};
            slots_.set_d0(candidate, held.d0);
        }
        if (wait)
            return {};
    }
}

template <class Slots>
[[gnu::always_inline]] inline Attempt<Pending<EnterWork>> Table<Slots>::begin_enter(
    const EnterArgs& args, const memory::LogicalMemory& memory) {
    if (!exists(args.slot))
        return std::unexpected(TableError::no_such_slot);
    const auto entry = translate(args.what, memory);
    if (!entry)
        return std::unexpected(entry.error());
    if (args.page_work != 0 && args.what.sizes.actual > papr::PageSize::kib_64) [[unlikely]]
        return std::unexpected(TableError::too_big);
    const auto claimed = claim(args.slot, args.exact);
    if (!claimed)
        return std::unexpected(TableError::group_full);
    EnterWork work{*entry, args.what.entry.d1, claimed->held.d0};
    FlushObligation obligation;
    if (claimed->held.ours()) [[unlikely]] {
        obligation = page_in(claimed->slot, claimed->held);
        invalidate(claimed->slot, claimed->held);
        work.previous_d0 = 0;
    }
    return Pending<EnterWork>(claimed->slot, obligation, work);
}

template <class Slots>
[[gnu::always_inline]] inline papr::Ptex Table<Slots>::finish_enter(Pending<EnterWork> pending,
                                                                    const Flushed& receipt) {
    const EnterWork& work = pending.close(receipt);
    write(pending.slot(), work.entry, work.guest_word);
    return pending.slot();
}

template <class Slots> void Table<Slots>::abandon_enter(Pending<EnterWork> pending, const Flushed& receipt) {
    const EnterWork& work = pending.close(receipt);
    if (pending.obligation())
        write(pending.slot(), {}, 0);
    else
        slots_.set_d0(pending.slot(), work.previous_d0);
}

/// Locks a slot with a valid entry of the partition that meets the condition.
template <class Slots>
[[gnu::always_inline]] inline Attempt<typename Table<Slots>::Contents> Table<Slots>::lock_valid(
    papr::Ptex slot, const Condition& condition) {
    if (!exists(slot))
        return std::unexpected(TableError::no_such_slot);
    const Contents held = lock(slot);
    if (held.the_partitions() && condition.met(to_papr_d0(options_.format, {held.d0, held.d1}))) [[likely]]
        return held;
    slots_.set_d0(slot, held.d0);
    return std::unexpected(TableError::not_found);
}

template <class Slots>
[[gnu::always_inline]] inline Attempt<Pending<RemoveWork>> Table<Slots>::begin_remove(const RemoveArgs& args) {
    const auto held = lock_valid(args.slot, args.condition);
    if (!held)
        return std::unexpected(held.error());
    invalidate(args.slot, *held);
    return Pending<RemoveWork>(args.slot, page_in(args.slot, *held), {view(*held)});
}

template <class Slots>
[[gnu::always_inline]] inline papr::PageTableEntry Table<Slots>::finish_remove(Pending<RemoveWork> pending,
                                                                               const Flushed& receipt) {
    papr::PageTableEntry entry = pending.close(receipt).entry;
    entry.d1 |= slots_.d1(pending.slot()) & papr::d1::usage;
    write(pending.slot(), {}, 0);
    return entry;
}

template <class Slots>
[[gnu::always_inline]] inline Pending<ModifyWork> Table<Slots>::begin_modify(papr::Ptex slot, const Contents& held,
                                                                             std::uint64_t clear, std::uint64_t set) {
    const std::uint64_t d1 = view(held).d1;
    FlushObligation obligation;
    if (((d1 & ~clear) | set) != d1) {
        obligation = page_in(slot, held);
        invalidate(slot, held);
    }
    return {slot, obligation, {held.d0, held.guest_word, clear, set}};
}

template <class Slots>
[[gnu::always_inline]] inline Attempt<Pending<ModifyWork>> Table<Slots>::begin_protect(const ProtectArgs& args) {
    const auto held = lock_valid(args.slot, args.condition);
    if (!held)
        return std::unexpected(held.error());
    return begin_modify(args.slot, *held, papr::d1::protection, args.protection);
}

template <class Slots>
[[gnu::always_inline]] inline Attempt<Pending<ModifyWork>> Table<Slots>::begin_clear(const ClearArgs& args,
                                                                                     std::uint64_t usage) {
    const auto held = lock_valid(args.slot, {});
    if (!held)
        return std::unexpected(held.error());
    return begin_modify(args.slot, *held, usage, 0);
}

template <class Slots>
[[gnu::always_inline]] inline std::uint64_t Table<Slots>::finish_modify(Pending<ModifyWork> pending,
                                                                        const Flushed& receipt) {
    const ModifyWork& work = pending.close(receipt);
    const papr::Ptex slot = pending.slot();
    const std::uint64_t d1 = slots_.d1(slot);
    if (!pending.obligation()) {
        slots_.set_d0(slot, work.d0);
        // What was to be cleared was clear already; a processor may have set it since, and then it stays set.
        return work.guest_word | (d1 & papr::d1::usage & ~work.clear);
    }
    const auto modified = [&work](std::uint64_t word) { return (word & ~work.clear) | work.set; };
    write(slot, {work.d0, modified(d1)}, modified(work.guest_word));
    return work.guest_word | (d1 & papr::d1::usage);
}

template <class Slots> [[gnu::always_inline]] inline Attempt<papr::PageTableEntry> Table<Slots>::read(papr::Ptex slot) {
    if (!exists(slot))
        return std::unexpected(TableError::no_such_slot);
    const Contents held = lock(slot);
    slots_.set_d0(slot, held.d0);
    return view(held);
}

template <class Slots> std::optional<UsedSlot> Table<Slots>::next_used(papr::Ptex from, papr::Ptex end) {
    invariant(end.value <= slot_count(), "beyond the end of a hashed page table");
    for (papr::Ptex slot = from; slot < end; ++slot.value) {
        // Whatever is entered has M in its guest word.
        if (slots_.guest_word(slot) == 0)
            continue;
        const auto entry = read(slot);
        if (entry && *entry != papr::PageTableEntry{})
            return UsedSlot{slot, *entry};
    }
    return {};
}

template <class Slots> void Table<Slots>::vacate(papr::Ptex from, papr::Ptex end) {
    invariant(end.value <= slot_count(), "beyond the end of a hashed page table");
    for (papr::Ptex slot = from; slot < end; ++slot.value)
        if (slots_.guest_word(slot) != 0)
            write(slot, {}, 0);
}

template <class Slots>
std::expected<void, TableError> Table<Slots>::restore(const UsedSlot& used, const memory::LogicalMemory& memory) {
    if (!exists(used.slot))
        return std::unexpected(TableError::no_such_slot);
    const auto what = NewEntry::parse(used.entry);
    if (!what)
        return std::unexpected(what.error());
    const auto entry = translate(*what, memory);
    if (!entry)
        return std::unexpected(entry.error());
    const Contents held = lock(used.slot);
    if (!held.unused()) {
        slots_.set_d0(used.slot, held.d0);
        return std::unexpected(TableError::group_full);
    }
    write(used.slot, *entry, what->entry.d1);
    return {};
}

} // namespace transom::hpt
