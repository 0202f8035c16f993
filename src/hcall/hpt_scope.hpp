// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/tlb.hpp>
#include <atomic>
#include <transom/dual/dual_table_impl.hpp>
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

/// The same during a migration, with the twins in the second one. What it needs for that was stored before the handlers were
/// (AllowedCalls::divert, which releases them): the barrier is here, where only a call of two tables pays for it.
class BothTables {
  public:
    explicit BothTables(partition::Partition& partition) : partition_(partition) {
        std::atomic_thread_fence(std::memory_order_acquire);
    }

    auto& table() const { return partition_.dual->table(); }
    hpt::Flushed discharge(const hpt::FlushObligation& obligation) const {
        return partition_.dual->discharge(obligation);
    }
    template <std::size_t n> auto discharge_all(const std::array<hpt::FlushObligation, n>& obligations) const {
        return partition_.dual->discharge_all(obligations);
    }
    hpt::PartitionFlushed flush_partition() const { return partition_.dual->flush_partition(); }

  private:
    partition::Partition& partition_;
};

/// The same while the table is being resized: the old one or the new one, as BothTables otherwise.
class ResizingTable {
  public:
    explicit ResizingTable(partition::Partition& partition) : engine_(*partition.dual) {
        std::atomic_thread_fence(std::memory_order_acquire);
        table_ = &engine_.resize().table();
    }

    auto& table() const { return *table_; }
    hpt::Flushed discharge(const hpt::FlushObligation& obligation) const { return engine_.discharge(obligation); }
    template <std::size_t n> auto discharge_all(const std::array<hpt::FlushObligation, n>& obligations) const {
        return engine_.discharge_all(obligations);
    }
    hpt::PartitionFlushed flush_partition() const { return engine_.flush_partition(); }

  private:
    dual::PartitionEngine& engine_;
    hpt::Table<dual::ResizeSlots<hpt::RealSlots>>* table_;
};

} // namespace transom::hcall
