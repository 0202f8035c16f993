// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/hpt/table.hpp>

// Definitions of Table, for whoever instantiates it: src/hpt/hashed_page_table.cpp and the tests.
namespace transom::hpt {

namespace table_detail {
constexpr std::uint64_t lock_bit = 0x40; // d0 bit 57
constexpr std::uint64_t valid = papr::d0::valid;
/// In a guest word: the entry is the hypervisor's own.
constexpr std::uint64_t ours = papr::d1::reserved;
} // namespace table_detail

template <class Slots> void Table<Slots>::init(Slots slots, unsigned log2_bytes, const TableOptions& options) {
    invariant(log2_bytes >= papr::min_log2_table_size && log2_bytes <= papr::max_log2_table_size,
              "size of a hashed page table out of range");
    slots_ = slots;
    log2_bytes_ = log2_bytes;
    options_ = options;
    clear_from_ = 0;
}

template <class Slots> std::optional<std::uint64_t> Table<Slots>::try_lock(papr::Ptex slot) {
    const std::uint64_t d0 = slots_.d0(slot);
    if ((d0 & table_detail::lock_bit) != 0 || !slots_.exchange_d0(slot, d0, d0 | table_detail::lock_bit))
        return {};
    return d0;
}

template <class Slots> std::uint64_t Table<Slots>::lock(papr::Ptex slot) {
    for (;;)
        if (const auto d0 = try_lock(slot))
            return *d0;
}

template <class Slots> bool Table<Slots>::is_ours(papr::Ptex slot, std::uint64_t d0) const {
    return (d0 & table_detail::valid) != 0 && (slots_.guest_word(slot) & table_detail::ours) != 0;
}

template <class Slots> bool Table<Slots>::is_the_partitions(papr::Ptex slot, std::uint64_t d0) const {
    return (d0 & table_detail::valid) != 0 && (slots_.guest_word(slot) & table_detail::ours) == 0;
}

template <class Slots> papr::PageTableEntry Table<Slots>::view(papr::Ptex slot, std::uint64_t d0) const {
    if (is_ours(slot, d0))
        return {};
    const std::uint64_t d1 = slots_.d1(slot);
    const std::uint64_t usage = (d0 & table_detail::valid) != 0 ? d1 & papr::d1::usage : 0;
    return {to_papr_d0(options_.format, {d0, d1}), slots_.guest_word(slot) | usage};
}

/// Only for slots whose entry came through translate() or insert_real_mode(): its sizes are legal.
template <class Slots> VirtualPage Table<Slots>::page_in(papr::Ptex slot, std::uint64_t d0) const {
    const papr::PageTableEntry entry{to_papr_d0(options_.format, {d0, slots_.d1(slot)}), slots_.guest_word(slot)};
    return virtual_page(entry.d0, decode_page_sizes(entry).value_or(papr::PageSizes{}), slot);
}

template <class Slots> void Table<Slots>::write(papr::Ptex slot, const HardwareEntry& entry, std::uint64_t guest_word) {
    slots_.set_guest_word(slot, guest_word);
    slots_.set_d1(slot, entry.d1);
    slots_.order();
    slots_.set_d0(slot, entry.d0); // and unlocked
    slots_.complete();
}

template <class Slots>
std::expected<HardwareEntry, TableError> Table<Slots>::translate(const NewEntry& what,
                                                                 const memory::LogicalMemory& memory) const {
    if (what.sizes.actual == papr::PageSize::mib_16 && !options_.large_pages)
        return std::unexpected(TableError::page_size);
    if (!representable(options_.format, what.entry.d0))
        return std::unexpected(TableError::virtual_page);
    const Bytes size = papr::bytes(what.sizes.actual);
    if (!memory.contains(what.page(), size))
        return std::unexpected(TableError::address);
    if ((what.entry.d1 & papr::d1::wimg) != papr::d1::wimg_memory)
        return std::unexpected(TableError::cache_attributes);
    const auto real = memory.translate(what.page(), size);
    if (!real)
        return std::unexpected(real.error() == memory::AccessError::missing ? TableError::missing
                                                                            : TableError::address);
    if (!real->aligned(size))
        return std::unexpected(TableError::address);
    return to_hardware(options_.format, what.entry, what.sizes, *real);
}

/// Locks a slot that is free for the partition: that one, or the first of its group. A locked slot is passed over at first,
/// because it may be in use again before its lock comes free; the second round waits for it.
template <class Slots> std::optional<typename Table<Slots>::Claim> Table<Slots>::claim(papr::Ptex slot, bool exact) {
    const papr::Ptex first = exact ? slot : papr::ptex(slot.group(), 0);
    const unsigned count = exact ? 1 : papr::slots_per_group;
    for (const bool wait : {false, true}) {
        for (unsigned i = 0; i < count; ++i) {
            const papr::Ptex candidate{first.value + i};
            if (is_the_partitions(candidate, slots_.d0(candidate)))
                continue;
            const auto d0 = wait ? lock(candidate) : try_lock(candidate);
            if (!d0)
                continue;
            if (!is_the_partitions(candidate, *d0))
                return Claim{candidate, *d0};
            slots_.set_d0(candidate, *d0);
        }
    }
    return {};
}

template <class Slots>
std::expected<Pending<EnterWork>, TableError> Table<Slots>::begin_enter(const EnterArgs& args,
                                                                        const memory::LogicalMemory& memory) {
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
    EnterWork work{*entry, args.what.entry.d1, claimed->d0};
    FlushObligation obligation;
    if (is_ours(claimed->slot, claimed->d0)) {
        obligation = page_in(claimed->slot, claimed->d0);
        slots_.set_d0(claimed->slot, (claimed->d0 & ~table_detail::valid) | table_detail::lock_bit);
        work.previous_d0 = 0;
    }
    return Pending<EnterWork>(claimed->slot, obligation, work);
}

template <class Slots> papr::Ptex Table<Slots>::finish_enter(Pending<EnterWork> pending, const Flushed& receipt) {
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

/// Locks a slot with a valid entry of the partition that meets the condition; gives its d0.
template <class Slots>
std::expected<std::uint64_t, TableError> Table<Slots>::lock_valid(papr::Ptex slot, const Condition& condition) {
    if (!exists(slot))
        return std::unexpected(TableError::no_such_slot);
    const std::uint64_t d0 = lock(slot);
    if (is_the_partitions(slot, d0) && condition.met(view(slot, d0).d0))
        return d0;
    slots_.set_d0(slot, d0);
    return std::unexpected(TableError::not_found);
}

template <class Slots>
std::expected<Pending<RemoveWork>, TableError> Table<Slots>::begin_remove(const RemoveArgs& args) {
    const auto d0 = lock_valid(args.slot, args.condition);
    if (!d0)
        return std::unexpected(d0.error());
    const VirtualPage page = page_in(args.slot, *d0);
    slots_.set_d0(args.slot, (*d0 & ~table_detail::valid) | table_detail::lock_bit);
    return Pending<RemoveWork>(args.slot, page, {view(args.slot, *d0)});
}

template <class Slots>
papr::PageTableEntry Table<Slots>::finish_remove(Pending<RemoveWork> pending, const Flushed& receipt) {
    papr::PageTableEntry entry = pending.close(receipt).entry;
    entry.d1 |= slots_.d1(pending.slot()) & papr::d1::usage;
    write(pending.slot(), {}, 0);
    return entry;
}

template <class Slots>
Pending<ModifyWork> Table<Slots>::begin_modify(papr::Ptex slot, std::uint64_t d0, std::uint64_t clear,
                                               std::uint64_t set) {
    const std::uint64_t d1 = view(slot, d0).d1;
    FlushObligation obligation;
    if (((d1 & ~clear) | set) != d1) {
        obligation = page_in(slot, d0);
        slots_.set_d0(slot, (d0 & ~table_detail::valid) | table_detail::lock_bit);
    }
    return {slot, obligation, {d0, clear, set}};
}

template <class Slots>
std::expected<Pending<ModifyWork>, TableError> Table<Slots>::begin_protect(const ProtectArgs& args) {
    const auto d0 = lock_valid(args.slot, args.condition);
    if (!d0)
        return std::unexpected(d0.error());
    return begin_modify(args.slot, *d0, papr::d1::protection, args.protection);
}

template <class Slots>
std::expected<Pending<ModifyWork>, TableError> Table<Slots>::begin_clear(const ClearArgs& args, std::uint64_t usage) {
    const auto d0 = lock_valid(args.slot, {});
    if (!d0)
        return std::unexpected(d0.error());
    return begin_modify(args.slot, *d0, usage, 0);
}

template <class Slots> std::uint64_t Table<Slots>::finish_modify(Pending<ModifyWork> pending, const Flushed& receipt) {
    const ModifyWork& work = pending.close(receipt);
    const papr::Ptex slot = pending.slot();
    const std::uint64_t before = view(slot, work.d0).d1;
    if (!pending.obligation()) {
        slots_.set_d0(slot, work.d0);
        return before;
    }
    const auto modified = [&](std::uint64_t d1) { return (d1 & ~work.clear) | work.set; };
    write(slot, {work.d0, modified(slots_.d1(slot))}, modified(slots_.guest_word(slot)));
    return before;
}

template <class Slots> std::expected<papr::PageTableEntry, TableError> Table<Slots>::read(papr::Ptex slot) {
    if (!exists(slot))
        return std::unexpected(TableError::no_such_slot);
    const std::uint64_t d0 = lock(slot);
    const papr::PageTableEntry entry = view(slot, d0);
    slots_.set_d0(slot, d0);
    return entry;
}

template <class Slots> std::optional<UsedSlot> Table<Slots>::next_used(papr::Ptex from, papr::Ptex end) {
    invariant(end.value <= slot_count(), "beyond the end of a hashed page table");
    for (papr::Ptex slot = from; slot < end; ++slot.value) {
        if ((slots_.d0(slot) | slots_.d1(slot) | slots_.guest_word(slot)) == 0)
            continue;
        const auto entry = read(slot);
        if (entry && *entry != papr::PageTableEntry{})
            return UsedSlot{slot, *entry};
    }
    return {};
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
    const std::uint64_t d0 = lock(used.slot);
    if ((d0 | slots_.d1(used.slot) | slots_.guest_word(used.slot)) != 0) {
        slots_.set_d0(used.slot, d0);
        return std::unexpected(TableError::group_full);
    }
    write(used.slot, *entry, what->entry.d1);
    return {};
}

} // namespace transom::hpt
