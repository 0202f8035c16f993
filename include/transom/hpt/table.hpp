// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <optional>
#include <transom/hpt/arguments.hpp>
#include <transom/hpt/attempt.hpp>
#include <transom/hpt/entry.hpp>
#include <transom/hpt/error.hpp>
#include <transom/hpt/pending.hpp>
#include <transom/hpt/twinned.hpp>
#include <transom/memory/logical_memory.hpp>

namespace transom::hpt {

struct TableOptions {
    Format format = Format::isa_3_0;
    /// Page size of the virtual real mode area; the same that LPCR or the partition table entry tells the machine.
    papr::PageSize real_mode_page = papr::PageSize::kib_64;
    /// Whether 16 MiB pages are accepted.
    bool large_pages = false;
};

/// What a slot holds for the partition.
struct UsedSlot {
    papr::Ptex slot;
    papr::PageTableEntry entry;
};

/// Work of which there is one at a time, in whichever way the table is reached.
struct TableTurns {
    std::atomic_flag real_mode_insertion; // no page twice by two processors at once
    std::atomic_flag clearing;
    std::uint64_t clear_from = 0; // slot; belongs to whoever has set `clearing`
};

/// A partition's hashed page table. A slot is an entry that the machine walks (real page) and a guest word: the
/// partition's d1 (logical page), which is authoritative and the only one that leaves the machine. The partition's view
/// of a valid entry is its d0 and the guest word with the R and C of both.
///
/// Concurrency: bit 57 of d0 locks a slot; machines ignore it. Everything that changes a slot holds its lock from begin_ to
/// finish_, the flush in between included. Who holds a lock does not wait for another: H_BLOCK_REMOVE, which holds up to
/// eight, only tries. One exception, H_CLEAR_HPT, harms nobody: it is the only one of its kind, so whom it waits for does
/// not wait for it. R and C of a slot are read for good only after its flush. A flush may wait for a processor inside the partition, never for one in the hypervisor: who waits for a lock counts as
/// flushed, so that two invalidators cannot wait for each other.
///
/// Entries for the partition's accesses in real mode are the hypervisor's: the partition sees their slots as free.
///
/// `Slots` is the memory: RealSlots on a machine, a recording one in tests; and with twins (Twinned) during a migration.
template <class Slots> class Table {
  public:
    Table() = default;
    /// A table of 2^log2_bytes bytes, all slots and guest words zero.
    void init(Slots slots, unsigned log2_bytes, const TableOptions& options);
    /// Its memory is its owner's again: it has no slots any more.
    void forget() {
        slots_ = {};
        slot_count_ = 0;
    }

    unsigned log2_bytes() const { return log2_bytes_; }
    std::uint64_t slot_count() const { return slot_count_; }
    const TableOptions& options() const { return options_; }
    const Slots& slots() const { return slots_; }

    /// H_ENTER. A slot that only the hypervisor uses is free for the partition: the obligation is then the entry that goes.
    Attempt<Pending<EnterWork>> begin_enter(const EnterArgs& args, const memory::LogicalMemory& memory);
    papr::Ptex finish_enter(Pending<EnterWork> pending, const Flushed& receipt);
    /// Leaves the slot as the partition knew it.
    void abandon_enter(Pending<EnterWork> pending, const Flushed& receipt);

    /// H_REMOVE. Errors: no_such_slot, not_found.
    Attempt<Pending<RemoveWork>> begin_remove(const RemoveArgs& args);
    /// H_BLOCK_REMOVE, for one of its entries: never waits, so that the caller may hold several begun at once. `anchor` is
    /// empty before the first.
    std::expected<Pending<RemoveWork>, BlockError> begin_block_remove(const RemoveArgs& args,
                                                                      std::optional<BlockAnchor>& anchor);
    /// The entry that was, with its last R and C.
    papr::PageTableEntry finish_remove(Pending<RemoveWork> pending, const Flushed& receipt);

    /// H_PROTECT. R and C stay. Errors: no_such_slot, not_found.
    Attempt<Pending<ModifyWork>> begin_protect(const ProtectArgs& args);
    /// H_CLEAR_REF and H_CLEAR_MOD: `usage` is papr::d1::referenced or changed. No obligation where it is clear already.
    Attempt<Pending<ModifyWork>> begin_clear(const ClearArgs& args, std::uint64_t usage);
    /// The partition's d1 as it was, with the R and C up to the change.
    std::uint64_t finish_modify(Pending<ModifyWork> pending, const Flushed& receipt);

    /// H_CLEAR_HPT empties the table batch by batch, over several calls; the hypervisor's entries stay. One processor at
    /// a time: false where another is at it. After true comes end_clear.
    bool begin_clear() { return !turns().clearing.test_and_set(std::memory_order_acquire); }
    void end_clear() { turns().clearing.clear(std::memory_order_release); }
    /// The next batch; none at the end of the table, and then the first one again.
    std::optional<ClearBatch> begin_clear_batch();
    void finish_clear_batch(const ClearBatch& batch, const std::optional<PartitionFlushed>& receipt);

    /// H_READ: what the partition sees, R and C as of now.
    Attempt<papr::PageTableEntry> read(papr::Ptex slot);

    /// Makes the hypervisor's entry for an access in real mode at `where`, if it is not there yet. Nothing to flush.
    /// Errors: address (outside the partition's memory), group_full (16 entries of the partition in both groups).
    std::expected<void, TableError> insert_real_mode(EffectiveAddr where, const memory::LogicalMemory& memory);

    /// The first slot of [from, end) that holds something for the partition, valid or not.
    std::optional<UsedSlot> next_used(papr::Ptex from, papr::Ptex end);
    /// At the target of a migration: puts back what next_used gave. The slot must be unused; errors as begin_enter.
    std::expected<void, TableError> restore(const UsedSlot& used, const memory::LogicalMemory& memory);
    /// There, before anybody has walked the table: nothing is in the slots [from, end) any more.
    void vacate(papr::Ptex from, papr::Ptex end);

    TableTurns& turns() {
        if constexpr (SharesTurns<Slots>)
            return slots_.turns();
        else
            return turns_;
    }

  protected: // and what dual::DualTable needs
    /// A slot's words, taken once; d0 without the lock.
    struct Contents {
        std::uint64_t d0, d1, guest_word;

        bool valid() const { return (d0 & papr::d0::valid) != 0; }
        bool ours() const { return valid() && (guest_word & own_entry) != 0; }
        bool the_partitions() const { return valid() && (guest_word & own_entry) == 0; }
        bool unused() const { return (d0 | d1 | guest_word) == 0; }
    };
    /// In a guest word: the entry is the hypervisor's own.
    static constexpr std::uint64_t own_entry = papr::d1::reserved;

    struct Claim {
        papr::Ptex slot;
        Contents held;
    };
    bool exists(papr::Ptex slot) const { return slot.value < slot_count_; }
    Contents contents(papr::Ptex slot) const;
    Contents peek(papr::Ptex slot) const;
    Contents lock(papr::Ptex slot);
    papr::PageTableEntry view(const Contents& held) const;
    VirtualPage page_in(papr::Ptex slot, const Contents& held) const;
    void invalidate(papr::Ptex slot, const Contents& held);
    Attempt<HardwareEntry> translate(const NewEntry& what, const memory::LogicalMemory& memory) const;
    std::optional<Claim> claim(papr::Ptex slot, bool exact);
    Attempt<Contents> lock_valid(papr::Ptex slot, const Condition& condition);
    Pending<ModifyWork> begin_modify(papr::Ptex slot, const Contents& held, std::uint64_t clear, std::uint64_t set);
    void write(papr::Ptex slot, const HardwareEntry& entry, std::uint64_t guest_word);
    bool has_real_mode_entry(papr::GroupIndex group, const HardwareEntry& entry) const;
    bool insert_into(papr::GroupIndex group, const HardwareEntry& entry, std::uint64_t guest_word);
    bool insert_waiting(papr::GroupIndex group, const HardwareEntry& entry, std::uint64_t guest_word);

    Slots slots_;
    std::uint64_t slot_count_ = 0;
    unsigned log2_bytes_ = papr::min_log2_table_size;
    TableOptions options_;

  private:
    TableTurns turns_;
};

/// The size that a partition's table gets by default: a 128th of its memory, as QEMU's pseries gives.
constexpr unsigned recommended_log2_bytes(Bytes memory) {
    unsigned log2 = papr::min_log2_table_size;
    while (log2 < papr::max_log2_table_size && (std::uint64_t{1} << log2) < memory / 128)
        ++log2;
    return log2;
}

} // namespace transom::hpt
