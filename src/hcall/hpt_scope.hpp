// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/tlb.hpp>
#include <transom/dual/dual_table_impl.hpp>
#include <transom/dual/flush_both.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/hpt/table_impl.hpp>
#include <transom/partition/partition.hpp>

// What a page table call acts on. The handlers are written for both and are made twice: which of them a partition's calls
// reach is decided where they are dispatched (AllowedCalls::divert), so that one table alone pays nothing for the other.
namespace transom::hcall {

/// A partition's page table.
struct FirstTable {
    partition::Partition& partition;

    hpt::HashedPageTable& table() const { return partition.hpt; }
    hpt::Flushed discharge(const hpt::FlushObligation& obligation) const {
        return arch::Tlb::discharge(obligation, partition.lpid);
    }
    template <std::size_t n> auto discharge_all(const std::array<hpt::FlushObligation, n>& obligations) const {
        return arch::Tlb::discharge_all(obligations, partition.lpid);
    }
    hpt::PartitionFlushed flush_partition() const { return arch::Tlb::flush_partition(partition.lpid); }
};

/// The same during a migration, with the twins in the second one.
struct BothTables {
    partition::Partition& partition;

    auto& table() const { return partition.dual->table(); }
    hpt::Flushed discharge(const hpt::FlushObligation& obligation) const {
        return dual::discharge(obligation, partition.dual->lpids());
    }
    template <std::size_t n> auto discharge_all(const std::array<hpt::FlushObligation, n>& obligations) const {
        return dual::discharge_all(obligations, partition.dual->lpids());
    }
    hpt::PartitionFlushed flush_partition() const { return dual::flush_partition(partition.dual->lpids()); }
};

} // namespace transom::hcall
