// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/relax.hpp>
#include <transom/dual/dual_table.hpp>
#include <transom/hpt/real_mode_impl.hpp>
#include <transom/hpt/removal_impl.hpp>
#include <transom/hpt/table_impl.hpp>

namespace transom::dual {

template <class Pair> bool DualTable<Pair>::is(const Contents& held, const Key& key, bool valid_or_not) const {
    if (!held.valid() && !valid_or_not)
        return false;
    const papr::PageTableEntry entry{hpt::to_papr_d0(this->options_.format, {held.d0, held.d1}), held.guest_word};
    const papr::PageSizes sizes = hpt::page_sizes(entry);
    // Of a page of 16 MiB the last bit of the AVPN is inside the page.
    const std::uint64_t inside = (papr::bytes(sizes.base) - 1) >> 23 << 7;
    return sizes.base == key.base && ((entry.d0 ^ key.field) & papr::d0::compared & ~inside) == 0 &&
           ((entry.d0 & papr::d0::secondary) != 0) == key.secondary;
}

/// Locks the slot if it holds the page. One that is locked and holds it, or held it a moment ago, is waited for: whoever
/// changes an entry has it invalid meanwhile.
template <class Pair>
std::optional<typename DualTable<Pair>::Contents> DualTable<Pair>::lock_page(papr::Ptex slot, const Key& key) {
    for (;;) {
        const std::uint64_t d0 = first().d0_first(slot);
        const bool locked = (d0 & hpt::table_detail::lock_bit) != 0;
        const Contents now{d0 & ~hpt::table_detail::lock_bit, first().d1(slot), first().guest_word(slot)};
        if (!is(now, key, locked))
            return {};
        if (!first().lock(slot, hpt::table_detail::lock_bit)) {
            arch::relax();
            continue;
        }
        const Contents held{first().d0(slot) & ~hpt::table_detail::lock_bit, first().d1(slot),
                            first().guest_word(slot)};
        if (is(held, key, false))
            return held;
        unlock(slot, held.d0);
        return {};
    }
}

template <class Pair>
std::expected<hpt::Pending<FillWork>, FaultOutcome> DualTable<Pair>::begin_fill(const Access& access) {
    Counters::count(twins().counters.faults);
    // T1 says what becomes of the access; looking for it here would hold the processor longer.
    if (twins().phase.now() != Phase::dual)
        return std::unexpected(FaultOutcome{.answer = FaultAnswer::change_table});
    // No fetch from such a segment looks into a page table.
    if (access.kind == AccessKind::fetch && access.segment_no_execute)
        return std::unexpected(FaultOutcome{.answer = FaultAnswer::reflect, .cause = cause::no_execute});
    const std::uint64_t hash = hpt::primary_hash(access.place, access.base);
    for (const bool secondary : {false, true}) {
        const Key key{hpt::virtual_page_field(access.place, access.base), access.base, secondary};
        const papr::GroupIndex group = hpt::group_of(secondary ? ~hash : hash, this->log2_bytes());
        for (unsigned i = 0; i < papr::slots_per_group; ++i)
            if (const auto held = lock_page(papr::ptex(group, i), key))
                return fill_locked(papr::ptex(group, i), *held, access);
    }
    if (twins().phase.now() != Phase::dual)
        return std::unexpected(FaultOutcome{.answer = FaultAnswer::change_table});
    return std::unexpected(FaultOutcome{.answer = FaultAnswer::reflect, .cause = absence(access)});
}

template <class Pair>
std::expected<hpt::Pending<FillWork>, FaultOutcome> DualTable<Pair>::fill_locked(papr::Ptex slot, const Contents& held,
                                                                                 const Access& access) {
    const auto leave = [&](const FaultOutcome& outcome) {
        unlock(slot, held.d0);
        return std::unexpected(outcome);
    };
    // Under the lock: the sweep of a drain comes by here afterwards, and then this has been seen.
    if (twins().phase.now() != Phase::dual)
        return leave({.answer = FaultAnswer::change_table});
    if (const std::uint64_t refused = refusal(access, held.guest_word); refused != 0)
        return leave({.answer = FaultAnswer::reflect, .cause = refused});
    const LogicalAddr page = this->slots_.page(slot);
    const Bytes size = this->slots_.size(slot);
    if (!twins().pages->here(page, size))
        return leave({.answer = FaultAnswer::missing, .page = page, .size = size});

    const bool store = access.kind == AccessKind::store;
    const bool stores = store || twins().stores == StorePolicy::as_in_t1;
    const std::uint64_t known = held.d1 & ~papr::d1::usage;
    const bool twin = has_twin(slot); // which has the page where it is, and so has T1
    const std::uint64_t d1 = twin ? known : placed(slot, known);
    FillWork work{held.d0, {held.d0, stores ? d1 : without_store(d1)}};
    if (!twin) {
        if (d1 != known) {
            first().set_d1(slot, d1 | (held.d1 & papr::d1::usage));
            this->slots_.changed(slot);
        }
        work.write = true;
        return hpt::Pending<FillWork>(slot, {}, work);
    }
    if (store && !permits_store(second().d1(slot))) {
        work.write = work.upgrade = true;
        this->slots_.drop_twin(slot);
        return hpt::Pending<FillWork>(slot, this->page_in(slot, held), work);
    }
    // Somebody else was first. What this processor had of the entry before went with that one's flush.
    return hpt::Pending<FillWork>(slot, {}, work);
}

template <class Pair> std::uint64_t DualTable<Pair>::placed(papr::Ptex slot, std::uint64_t d1) {
    const hpt::Format format = this->options_.format;
    const Bytes size = this->slots_.size(slot);
    const RealAddr place = twins().pages->place(this->slots_.page(slot), hpt::place_of(format, d1, size));
    return hpt::with_place(format, d1, size, place);
}

template <class Pair> void DualTable<Pair>::place_again(papr::Ptex slot) {
    if (first().guest_word(slot) == 0) // as in next_used
        return;
    const Contents held = this->lock(slot);
    if (const std::uint64_t d1 = held.valid() ? placed(slot, held.d1) : held.d1; d1 != held.d1) {
        first().set_d1(slot, d1);
        this->slots_.changed(slot);
    }
    unlock(slot, held.d0);
}

/// Of one that is locked it waits for the end of the change: who changes nothing after all marks nothing.
template <class Pair> template <class To> void DualTable<Pair>::copy_first(papr::Ptex slot, To& to) {
    Contents held = this->contents(slot);
    const bool used = !held.unused() || (first().d0(slot) & hpt::table_detail::lock_bit) != 0;
    if (used)
        held = this->lock(slot);
    to.set_d0(slot, held.d0);
    to.set_d1(slot, held.d1);
    to.set_guest_word(slot, held.guest_word);
    if (used)
        unlock(slot, held.d0);
}

template <class Pair> Bytes DualTable<Pair>::finish_fill(hpt::Pending<FillWork> pending, const hpt::Flushed& receipt) {
    const FillWork& work = pending.close(receipt);
    const papr::Ptex slot = pending.slot();
    const Bytes stores = work.write && permits_store(work.second.d1) ? this->slots_.size(slot) : 0;
    if (pending.obligation()) {
        Counters::count(twins().counters.flushes);
        Counters::count(twins().counters.tlbies);
    }
    if (work.write) {
        const std::uint64_t usage = work.upgrade ? second().d1(slot) & papr::d1::usage : 0;
        if (stores != 0)
            this->slots_.raise(slot); // before anybody can store
        if (!work.upgrade)
            twins().live.add();
        second().set_d1(slot, work.second.d1 | usage);
        second().order();
        second().set_d0(slot, work.second.d0);
        second().complete();
        twins().groups.mark(slot.group());
        twins().usage.mark(slot.group());
        Counters::count(work.upgrade ? twins().counters.upgrades : twins().counters.fills);
    }
    unlock(slot, work.first_d0);
    return stores;
}

template <class Pair>
std::expected<hpt::Pending<FoldWork>, FoldError> DualTable<Pair>::begin_fold(papr::Ptex slot, Fold fold,
                                                                             bool nobody_walks) {
    if (!has_twin(slot))
        return std::unexpected(is_vacant(slot) ? FoldError::nothing : FoldError::locked);
    if (fold == Fold::read_only) {
        const std::uint64_t now = second().d1(slot);
        if (is_folded(now) && (now & papr::d1::referenced & ~first().d1(slot)) == 0)
            return std::unexpected(FoldError::up_to_date);
    }
    if (!first().lock(slot, hpt::table_detail::lock_bit))
        return std::unexpected(FoldError::locked);
    const Contents held{first().d0(slot) & ~hpt::table_detail::lock_bit, first().d1(slot), first().guest_word(slot)};
    const std::uint64_t d0 = second().d0(slot);
    if ((d0 & papr::d0::valid) == 0) {
        unlock(slot, held.d0);
        return std::unexpected(FoldError::nothing);
    }
    const std::uint64_t d1 = second().d1(slot);
    const bool theirs = held.d0 == d0 && ((held.d1 ^ d1) & ~papr::d1::usage & ~papr::d1::protection) == 0;
    if (fold == Fold::read_only && theirs && is_folded(d1)) {
        // R stays in T2: it is only copied, and needs to be neither the last word nor taken away.
        first().merge_d1(slot, d1 & papr::d1::referenced);
        if ((d1 & papr::d1::referenced & ~held.d1) != 0)
            this->slots_.changed(slot);
        unlock(slot, held.d0);
        return std::unexpected(FoldError::up_to_date);
    }
    this->slots_.drop_twin(slot);
    const hpt::FlushObligation here = this->page_in(slot, {d0, d1, held.guest_word});
    return hpt::Pending<FoldWork>(slot, nobody_walks ? hpt::FlushObligation{} : here, {held.d0, theirs});
}

template <class Pair>
void DualTable<Pair>::finish_fold(hpt::Pending<FoldWork> pending, const hpt::Flushed& receipt, Fold fold) {
    const FoldWork& work = pending.close(receipt);
    const papr::Ptex slot = pending.slot();
    Counters& counters = twins().counters;
    const std::uint64_t d1 = second().d1(slot);
    if (!work.theirs) {
        Counters::count(counters.mismatches);
        fold = Fold::evict;
    } else if (const std::uint64_t more = d1 & papr::d1::usage & ~first().d1(slot); more != 0) {
        // A processor may be walking T1 and set bits itself.
        first().merge_d1(slot, more);
        this->slots_.changed(slot); // it may have been sent before the bits were set in T2
        if ((more & papr::d1::changed) != 0)
            Counters::count(counters.rc_merged);
        if ((more & ~first().d1(slot)) != 0)
            Counters::count(counters.rc_mismatches);
    }
    if (fold == Fold::evict) {
        static_cast<void>(this->slots_.free_twin(slot));
    } else {
        this->slots_.lower(slot, d1);
        second().set_d1(slot, without_store(d1) & ~papr::d1::usage);
        second().order();
        second().set_d0(slot, work.first_d0);
        second().complete();
    }
    unlock(slot, work.first_d0);
}

template <class Pair> papr::PageTableEntry DualTable<Pair>::joined(papr::Ptex slot) {
    const Contents held = this->lock(slot);
    if (const std::uint64_t newer = held.d1 & ~first().d1(slot) & papr::d1::usage; held.valid() && newer != 0)
        first().merge_d1(slot, newer);
    unlock(slot, held.d0);
    return this->view(held);
}

template <class Pair> template <class Give> void DualTable<Pair>::read_section(hpt::Section section, Give give) {
    invariant(section.end().value <= this->slot_count(), "beyond the end of a hashed page table");
    twins().sections.take(section); // before it is read: who changes something marks it afterwards
    for (papr::Ptex slot = section.begin(); slot < section.end(); ++slot.value)
        if (first().guest_word(slot) != 0) // as in next_used
            if (const papr::PageTableEntry entry = joined(slot); entry != papr::PageTableEntry{})
                give(hpt::UsedSlot{slot, entry});
}

template <class Pair> bool DualTable<Pair>::mark_newer_usage(papr::GroupIndex group) {
    bool all = true, newer = false;
    for (unsigned i = 0; i < papr::slots_per_group; ++i) {
        const papr::Ptex slot = papr::ptex(group, i);
        const std::uint64_t d0 = second().d0(slot);
        if (d0 == 0)
            continue;
        // T2's first: what a fold takes away from there it has brought to T1 before.
        const std::uint64_t twin = second().d1(slot), known = first().d1(slot);
        const std::uint64_t possible = permits_store(twin) ? papr::d1::usage : papr::d1::referenced;
        newer = newer || (twin & ~known & papr::d1::usage) != 0;
        // One that is being dropped may come back with R and C off.
        all = all && (d0 & papr::d0::valid) != 0 && (possible & ~twin & ~known) == 0;
    }
    if (newer)
        this->slots_.changed(papr::ptex(group, 0)); // a group is in one section
    return all;
}

} // namespace transom::dual
