// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "local_entries.hpp"
#include <arch/fake_machine.hpp>
#include <arch/real_memory.hpp>
#include <arch/table_memory.hpp>
#include <array>
#include <gmock/gmock.h>
#include <memory>
#include <papr/opcode.hpp>
#include <random>
#include <set>
#include <transom/dual/partition_engine.hpp>
#include <transom/hcall/dispatch.hpp>
#include <transom/migrate/record.hpp>
#include <transom/migrate/source_table.hpp>
#include <transom/migrate/table_arrivals.hpp>
#include <transom/partition/msr.hpp>

namespace transom::test {

using papr::Op;

/// Everything is here, and nobody counts.
struct NoTracking final : dual::PageTracking {
    bool here(LogicalAddr, Bytes) override { return true; }
    void raise(LogicalAddr, Bytes) override {}
    void lower(LogicalAddr, Bytes) override {}
};

/// A partition of 32 MiB and a page table of 4 MiB, and another one to which that is moved: the records of its sections, without a stream.
/// Its calls are made as a partition makes them; a machine that walks T2 is played.
class TableMove : public testing::Test {
  protected:
    static constexpr unsigned log2_bytes = 22;
    static constexpr std::uint64_t slots = (std::uint64_t{1} << log2_bytes) / 16, sections = hpt::sections_of(slots);
    static constexpr RealAddr first_table = arch::fake_real_base, second_table = first_table + mib(4),
                              target_table = second_table + mib(4);
    // Nobody looks into it. At the target the upper half lies below the lower one.
    static constexpr std::array source_memory{RealAddr{0x40000000}, RealAddr{0x41000000}},
        target_memory{RealAddr{0x95000000}, RealAddr{0x90000000}};

    TableMove() {
        furnish(*source, source_memory, first_table, guest_words);
        source->allowed_calls.allow(papr::FunctionSets::all());
        source->vcpus[0].registers.msr = partition::msr::sf | partition::msr::me;
        source->dual = &engine;
        engine.enter(0, 0);
        new_target();
    }

    static void furnish(partition::Partition& p, std::span<const RealAddr> memory, RealAddr table,
                        std::vector<std::uint64_t>& words) {
        words.assign(slots, 0);
        for (const RealAddr block : memory)
            invariant(p.memory.add_block(block), "block");
        p.hpt.init(table, log2_bytes, words, {.format = hpt::Format::isa_3_0});
        p.lpid = 77;
        p.vcpus[0].partition = &p;
    }
    void new_target() {
        std::memset(arch::real_pointer(target_table), 0, mib(4));
        target = std::make_unique<partition::Partition>();
        furnish(*target, target_memory, target_table, target_words);
        arrived.assign(migrate::TableArrivals::words_for(slots), 0);
        arrivals = migrate::TableArrivals(arrived);
    }

    void pass() {
        engine.leave(0);
        engine.enter(0, 0);
    }
    /// Its processor walks T2 from here on.
    void to_dual() {
        std::ranges::fill(usage_words, 0);
        ASSERT_TRUE(engine.start(source->hpt, {.slots = hpt::RealSlots(second_table, {}),
                                               .live_words = live_words,
                                               .lpids = {77, 78},
                                               .pages = &tracking,
                                               .calls = &source->allowed_calls,
                                               .section_words = section_words,
                                               .usage_words = usage_words}));
        pass();
        ASSERT_EQ(engine.advance(), dual::Phase::dual);
        pass();
        ASSERT_TRUE(engine.all_on_second());
        table.begin(*source);
    }
    void to_normal() {
        engine.stop();
        pass();
        while (engine.active()) {
            engine.advance();
            static_cast<void>(engine.sweep_portion(dual::Fold::evict));
            pass();
        }
    }

    papr::Status make(Op op, std::vector<std::uint64_t> arguments) {
        auto& gpr = source->vcpus[0].registers.gpr;
        gpr[3] = static_cast<std::uint64_t>(op);
        std::copy(arguments.begin(), arguments.end(), gpr.begin() + 4);
        return hcall::dispatch(source->vcpus[0]).status;
    }
    static hpt::SegmentOffset place(std::uint64_t page) {
        return {papr::SegmentSize::tib_1, page * 331 % 32749, (page % 251) << 16}; // anywhere in the table
    }
    /// Entry of a page, and the group in which a processor looks for it.
    static papr::PageTableEntry entry_of(std::uint64_t page) {
        return {hpt::virtual_page_field(place(page), papr::PageSize::kib_64) | papr::d0::large | papr::d0::valid,
                (page % 512) << 16 | 0x1000 | papr::d1::wimg_memory | 2};
    }
    static std::uint64_t group_of(std::uint64_t page) {
        const std::uint64_t hash = hpt::primary_hash(place(page), papr::PageSize::kib_64);
        return papr::ptex(hpt::group_of(hash, log2_bytes), 0).value;
    }
    std::optional<std::uint64_t> enter(std::uint64_t page, std::uint64_t more_d1 = 0, std::uint64_t more_d0 = 0) {
        const papr::PageTableEntry entry = entry_of(page);
        if (make(Op::enter, {0, group_of(page), entry.d0 | more_d0, entry.d1 | more_d1}) != papr::Status::success)
            return {};
        return source->vcpus[0].registers.gpr[4];
    }
    /// An access in real mode: the entry is our own.
    void access_in_real_mode(std::uint64_t page) {
        const EffectiveAddr where{page << 16 | 0x123};
        if (engine.walks_second(0)) {
            EXPECT_EQ(engine.fault_in_real_mode(0, where, dual::AccessKind::load, source->memory, dual::cause::no_entry)
                          .answer,
                      dual::FaultAnswer::again);
        } else {
            EXPECT_TRUE(source->hpt.insert_real_mode(where, source->memory).has_value());
        }
    }
    /// Logical pages of our own entries.
    static std::multiset<std::uint64_t> own_entries(const partition::Partition& p) {
        std::multiset<std::uint64_t> pages;
        const auto& table = p.hpt.slots();
        for (std::uint64_t slot = 0; slot < slots; ++slot)
            if ((table.d0({slot}) & papr::d0::valid) != 0 && (table.guest_word({slot}) & papr::d1::reserved) != 0)
                pages.insert((table.guest_word({slot}) & papr::d1::page_number) >> 16);
        return pages;
    }
    /// An access as it is made through T2: the hypervisor fills, the machine sets R and C there and nowhere else.
    void access(std::uint64_t page, std::uint64_t slot, bool store) {
        if (!engine.walks_second(0))
            return;
        const dual::Access access{place(page), papr::PageSize::kib_64,
                                  store ? dual::AccessKind::store : dual::AccessKind::load};
        if (engine.fault(0, access).answer == dual::FaultAnswer::again)
            touch(slot, store);
    }
    void touch(std::uint64_t slot, bool store) {
        auto& twin = reinterpret_cast<std::array<std::uint64_t, 2>*>(arch::real_pointer(second_table))[slot];
        if ((arch::load_table_word(twin[0]) & papr::d0::valid) == 0)
            return;
        const bool stores = store && dual::permits_store(arch::load_table_word(twin[1]));
        arch::merge_table_word(twin[1], papr::d1::referenced | (stores ? papr::d1::changed : 0));
    }

    /// The next record, taken in at the target. False: the round is over.
    bool carry(bool stands_still) {
        const auto portion = table.next(payload);
        if (!portion)
            return false;
        sent += portion->sections;
        const auto taken = arrivals.take(std::span(payload).first(portion->bytes), *target, stands_still);
        EXPECT_TRUE(taken.has_value()) << taken.error().text();
        if (!taken)
            return false;
        EXPECT_EQ(taken->sections, portion->sections);
        EXPECT_EQ(taken->entries, portion->entries);
        EXPECT_EQ(taken->rc_mismatches, 0u);
        return true;
    }
    void look() {
        while (!table.look()) {}
    }
    void carry_round() {
        sent = 0;
        table.begin_round();
        look();
        while (carry(false)) {}
    }
    void carry_rest() {
        sent = 0;
        table.begin_stop();
        look();
        while (carry(true)) {}
    }
    papr::PageTableEntry read(std::uint64_t slot) {
        return engine.active() ? *engine.table().read({slot}) : *source->hpt.read({slot});
    }
    /// What the partition sees in its table, with R and C, is the same there.
    void expect_same() {
        EXPECT_FALSE(arrivals.missing(*target).has_value());
        for (std::uint64_t slot = 0; slot < slots; ++slot)
            ASSERT_EQ(read(slot), *target->hpt.read({slot})) << slot;
    }

    arch::FakeMachine machine{mib(13)};
    std::vector<std::uint64_t> guest_words, target_words, arrived;
    std::unique_ptr<partition::Partition> source = std::make_unique<partition::Partition>(), target;
    std::vector<std::uint64_t> live_words = std::vector<std::uint64_t>(dual::GroupMarks::words_for(slots / 8));
    std::vector<std::uint64_t> usage_words = live_words;
    std::vector<std::uint64_t> section_words = std::vector<std::uint64_t>(dual::ChangedSections::words_for(slots));
    NoTracking tracking;
    dual::PartitionEngine engine;
    migrate::SourceTable table;
    migrate::TableArrivals arrivals;
    std::vector<std::byte> payload = std::vector<std::byte>(migrate::max_payload);
    std::uint64_t sent = 0; // sections, in the last round
};

} // namespace transom::test
