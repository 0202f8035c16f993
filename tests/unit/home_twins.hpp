// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/real_memory.hpp>
#include <cstring>
#include <memory>
#include <transom/dual/dual_table_impl.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/partition/partition.hpp>
#include <vector>

namespace transom::test {

/// The second page table of a partition that is to move, so that its first one goes in sections while it runs. Nobody is in the partition.
class HomeTwins {
  public:
    /// `second`: memory for it.
    explicit HomeTwins(RealAddr second) : second_(second) {}

    /// In place of the last partition's, if there was one.
    void begin(partition::Partition& partition) {
        if (engine_.active())
            engine_.abandon();
        const std::uint64_t slots = partition.hpt.slot_count();
        std::memset(arch::real_pointer(second_), 0, slots * 16);
        groups_.assign(dual::GroupMarks::words_for(slots / papr::slots_per_group), 0);
        usage_.assign(groups_.size(), 0);
        sections_.assign(dual::ChangedSections::words_for(slots), 0);
        partition.dual = &engine_;
        invariant(engine_.start(partition.hpt, {.slots = hpt::RealSlots(second_, {}),
                                                .live_words = groups_,
                                                .lpids = {1, 2},
                                                .pages = &tracking_,
                                                .calls = &diversion_,
                                                .section_words = sections_,
                                                .usage_words = usage_}) &&
                      engine_.advance() == dual::Phase::dual,
                  "a second page table does not begin");
    }
    /// As H_PROTECT of the partition's.
    void protect(papr::Ptex slot, std::uint64_t bits) {
        auto pending = engine_.table().begin_protect({slot, {}, bits});
        if (!pending)
            return;
        const hpt::Flushed flushed = engine_.discharge(pending->obligation());
        static_cast<void>(engine_.table().finish_modify(std::move(*pending), flushed));
    }

  private:
    struct NoTracking final : dual::PageTracking {
        bool here(LogicalAddr, Bytes) override { return true; }
        void raise(LogicalAddr, Bytes) override {}
        void lower(LogicalAddr, Bytes) override {}
    };
    struct NoDiversion final : dual::CallDiversion {
        void divert(dual::CallsGo) override {}
    };

    RealAddr second_;
    std::vector<std::uint64_t> groups_, usage_, sections_;
    NoTracking tracking_;
    NoDiversion diversion_;
    dual::PartitionEngine engine_;
};

} // namespace transom::test
