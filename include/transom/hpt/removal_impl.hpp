// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/hpt/table_impl.hpp>

// Removal of many entries with one flush: H_BLOCK_REMOVE and H_CLEAR_HPT.
namespace transom::hpt {

// LoPAR asks for the page size before the AVPN. Here an entry that is another page is `not_found` whatever its size: Linux
// stops at any answer but that and `busy`, and the slot that it names may have got another page in the meantime.
template <class Slots>
std::expected<Pending<RemoveWork>, BlockError> Table<Slots>::begin_block_remove(const RemoveArgs& args,
                                                                                std::optional<BlockAnchor>& anchor) {
    const papr::Ptex slot = args.slot;
    if (!exists(slot))
        return std::unexpected(BlockError::parameter);
    if (!slots_.lock(slot, table_detail::lock_bit))
        return std::unexpected(BlockError::busy);
    const Contents held = contents(slot);
    const auto leave = [&](BlockError error) {
        slots_.set_d0(slot, held.d0);
        return std::unexpected(error);
    };
    const papr::PageTableEntry entry = view(held);
    if (!held.the_partitions() || (entry.d0 & papr::d0::bolted) != 0 || !args.condition.met(entry.d0))
        return leave(BlockError::not_found);
    const papr::PageSizes sizes = page_sizes(entry);
    if (!papr::block_removable(sizes))
        return leave(BlockError::parameter);
    const VirtualPage page = virtual_page(entry.d0, sizes, slot);
    const BlockAnchor here{sizes, page.segment, entry.d0 & papr::d0::compared,
                           page.address >> (papr::shift(sizes.base) + papr::block::log2_pages)};
    if (!anchor)
        anchor = here;
    else if (here.sizes != anchor->sizes || here.segment != anchor->segment)
        return leave(BlockError::other_size);
    else if (here.avpn != anchor->avpn || here.index != anchor->index)
        return leave(BlockError::other_block);
    invalidate(slot, held);
    return Pending<RemoveWork>(slot, page, {entry});
}

template <class Slots> std::optional<ClearBatch> Table<Slots>::begin_clear_batch() {
    std::uint64_t& clear_from = turns().clear_from;
    if (clear_from == slot_count()) {
        clear_from = 0;
        return {};
    }
    ClearBatch batch{.first = {clear_from}};
    clear_from += ClearBatch::size; // a table's size is a multiple of it
    for (unsigned i = 0; i < ClearBatch::size; ++i) {
        const papr::Ptex slot{batch.first.value + i};
        if (peek(slot).unused())
            continue;
        const Contents held = lock(slot);
        if (held.ours()) {
            slots_.set_d0(slot, held.d0);
            continue;
        }
        batch.must_flush = batch.must_flush || held.valid();
        batch.taken[i / 64] |= std::uint64_t{1} << (i % 64);
        invalidate(slot, held);
    }
    return batch;
}

template <class Slots>
void Table<Slots>::finish_clear_batch(const ClearBatch& batch, const std::optional<PartitionFlushed>& receipt) {
    invariant(!batch.must_flush || receipt.has_value(), "a page table was cleared without its flush");
    for (unsigned i = 0; i < ClearBatch::size; ++i)
        if ((batch.taken[i / 64] >> (i % 64) & 1) != 0)
            write({batch.first.value + i}, {}, 0);
}

} // namespace transom::hpt
