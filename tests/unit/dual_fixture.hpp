// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dual_mmu.hpp>
#include <hpt_fixture.hpp>
#include <map>
#include <set>
#include <transom/dual/engine_impl.hpp>

namespace transom::dual {

/// Counts grants as the page state table does, and plays the pages' arrival.
class CountingTracking final : public PageTracking {
  public:
    bool here(LogicalAddr page, Bytes) override { return !missing.contains(page.value); }
    void raise(LogicalAddr page, Bytes) override {
        if (before_raise)
            before_raise();
        ++count[page.value];
    }
    void lower(LogicalAddr page, Bytes) override {
        EXPECT_GT(count[page.value], 0) << "lowered what nobody raised";
        --count[page.value];
    }
    std::map<std::uint64_t, int> count;
    std::set<std::uint64_t> missing;
    std::function<void()> before_raise;
};

struct RecordedDiversion final : CallDiversion {
    void divert(CallsGo where) override { diverted = where == CallsGo::to_both; }
    bool diverted = false;
};

/// A partition with its table, a second one, and processors that walk what they are told to. Calls go where they are diverted to. TLBs
/// are flushed of what the engine says, and nothing else. Virtual processors run on the physical ones of their numbers until told
/// otherwise.
struct DualScene : hpt::TestTable {
    static constexpr std::uint32_t first_lpid = 1;

    explicit DualScene(const hpt::TableOptions& options = {}, unsigned processors = 2, bool one_lpid = false)
        : TestTable(options), second_lpid(one_lpid ? first_lpid : 2), second(hpt::test_log2_bytes),
          live_words(GroupMarks::words_for(table.slot_count() / 8)) {
        for (unsigned i = 0; i < processors; ++i) {
            mmus.emplace_back(options.format, hpt::test_log2_bytes);
            runs_on.push_back(i);
        }
        pointed_at.assign(processors, Which::first);
        machine.on_flush_ = [this](const arch::FakeFlush& flush) {
            ++flushes;
            for (Mmu& mmu : mmus)
                mmu.flush(flush.lpid, flush.page ? std::optional(*flush.page) : std::nullopt);
        };
        for (unsigned i = 0; i < processors; ++i)
            enter_partition(i);
    }

    bool start(StorePolicy stores = StorePolicy::when_stored) {
        return engine.start(
            table, {hpt::RecordedSlots(second), live_words, {first_lpid, second_lpid}, &pages, &calls, stores});
    }
    /// All are kicked out and come back.
    void pass_all() {
        for (unsigned i = 0; i < pointed_at.size(); ++i) {
            engine.leave(i);
            enter_partition(i);
        }
    }
    void enter_partition(unsigned processor) {
        const Entry entry = engine.enter(processor, runs_on[processor]);
        if (entry.flush)
            mmu_of(processor).flush(entry.table == Which::second ? second_lpid : first_lpid);
        pointed_at[processor] = entry.table;
    }
    void to_dual(StorePolicy stores = StorePolicy::when_stored) {
        ASSERT_TRUE(start(stores));
        pass_all();
        ASSERT_EQ(engine.advance(), Phase::dual);
        pass_all();
    }
    void to_drain() {
        engine.stop();
        pass_all();
        while (engine.phase() == Phase::switching)
            engine.advance();
    }
    Swept sweep(const Portion& portion = {.groups = ~std::uint64_t{0} >> 1, .ticks = ~std::uint64_t{0}},
                Fold fold = Fold::evict) {
        return engine.sweep(portion, fold, [this] { return machine.ticks_.load(); });
    }

    /// As a partition's access: what is the hypervisor's affair is dealt with. 0, or the cause that the partition sees.
    std::uint64_t access(unsigned processor, const Access& what) {
        for (int tries = 0; tries < 8; ++tries) {
            const bool on_second = pointed_at[processor] == Which::second;
            const std::uint64_t failed =
                mmu_of(processor).access(on_second ? second : slots, on_second ? second_lpid : first_lpid, what);
            if (failed == 0)
                return 0;
            if (!on_second)
                return failed;
            const FaultOutcome outcome = engine.fault(processor, what);
            if (outcome.answer == FaultAnswer::reflect)
                return outcome.cause;
            if (outcome.answer == FaultAnswer::missing) {
                ++fetched;
                pages.missing.erase(outcome.page.value);
            }
            if (outcome.answer == FaultAnswer::change_table)
                enter_partition(processor);
        }
        ADD_FAILURE() << "an access is made again and again";
        return 0;
    }
    static Access made(Page page, AccessKind kind = AccessKind::load, bool key = false) {
        return {page.place(), papr::PageSize::kib_64, kind, key};
    }
    std::uint64_t load(unsigned processor, Page page) { return access(processor, made(page)); }
    std::uint64_t store(unsigned processor, Page page) { return access(processor, made(page, AccessKind::store)); }

    /// In a group in which a processor finds it.
    papr::Ptex enter(Page page, std::uint64_t more_d1 = 0) {
        papr::PageTableEntry entry = hpt::entry_for(page.vsid, page.number);
        entry.d1 = (entry.d1 & ~std::uint64_t{0xfff0000}) | (page.number % 1024) << 16 | more_d1;
        const auto slot = enter(hpt::group_for(page.vsid, page.number), entry);
        EXPECT_TRUE(slot.has_value());
        return slot.value_or(papr::Ptex{});
    }

    template <class F> auto with_table(F f) { return calls.diverted ? f(engine.table()) : f(table); }
    hpt::Flushed discharge(const hpt::FlushObligation& obligation) {
        return calls.diverted ? engine.discharge(obligation) : arch::Tlb::discharge(obligation, first_lpid);
    }
    std::expected<papr::Ptex, hpt::TableError> enter(papr::Ptex slot, papr::PageTableEntry entry, bool exact = false) {
        hpt::Gprs gprs{};
        gprs[4] = exact ? papr::hpt_flag::exact : 0;
        gprs[5] = slot.value;
        gprs[6] = entry.d0;
        gprs[7] = entry.d1;
        return with_table([&](auto& t) -> std::expected<papr::Ptex, hpt::TableError> {
            const auto args = hpt::EnterArgs::parse(gprs);
            if (!args)
                return std::unexpected(args.error());
            auto pending = t.begin_enter(*args, memory);
            if (!pending)
                return std::unexpected(pending.error());
            const hpt::Flushed flushed = discharge(pending->obligation());
            return t.finish_enter(std::move(*pending), flushed);
        });
    }
    std::expected<papr::PageTableEntry, hpt::TableError> remove(papr::Ptex slot, hpt::Condition condition = {}) {
        return with_table([&](auto& t) -> std::expected<papr::PageTableEntry, hpt::TableError> {
            auto pending = t.begin_remove({slot, condition});
            if (!pending)
                return std::unexpected(pending.error());
            const hpt::Flushed flushed = discharge(pending->obligation());
            return t.finish_remove(std::move(*pending), flushed);
        });
    }
    template <class T>
    std::expected<std::uint64_t, hpt::TableError> modify(T& t, hpt::Attempt<hpt::Pending<hpt::ModifyWork>> pending) {
        if (!pending)
            return std::unexpected(pending.error());
        const hpt::Flushed flushed = discharge(pending->obligation());
        return t.finish_modify(std::move(*pending), flushed);
    }
    std::expected<std::uint64_t, hpt::TableError> protect(papr::Ptex slot, std::uint64_t bits,
                                                          hpt::Condition condition = {}) {
        return with_table([&](auto& t) { return modify(t, t.begin_protect({slot, condition, bits})); });
    }
    std::expected<std::uint64_t, hpt::TableError> clear(papr::Ptex slot, std::uint64_t usage) {
        return with_table([&](auto& t) { return modify(t, t.begin_clear({slot}, usage)); });
    }
    papr::PageTableEntry read(papr::Ptex slot) {
        return with_table([&](auto& t) { return *t.read(slot); });
    }
    std::uint64_t usage(papr::Ptex slot) { return read(slot).d1 & papr::d1::usage; }

    /// H_CLEAR_HPT, over as many calls as it takes.
    void clear_table() {
        with_table([&](auto& t) {
            ASSERT_TRUE(t.begin_clear());
            while (const auto batch = t.begin_clear_batch())
                t.finish_clear_batch(*batch, calls.diverted ? engine.flush_partition()
                                                            : arch::Tlb::flush_partition(first_lpid));
            t.end_clear();
        });
    }

    std::uint64_t twins() const {
        return static_cast<std::uint64_t>(std::count_if(second.entries.begin(), second.entries.end(),
                                                        [](const auto& e) { return (e[0] & papr::d0::valid) != 0; }));
    }
    bool has_twin(papr::Ptex slot) const { return (second.entries[slot.value][0] & papr::d0::valid) != 0; }
    std::uint64_t twin_pp(papr::Ptex slot) const { return second.entries[slot.value][1] & 3; }
    bool second_is_zero() const {
        return std::ranges::all_of(second.entries, [](const auto& e) { return (e[0] | e[1]) == 0; });
    }
    /// I1: what T2 has T1 has, and permits as much.
    void check_subset() {
        for (std::size_t i = 0; i < second.entries.size(); ++i) {
            const auto& one = slots.entries[i];
            const auto& two = second.entries[i];
            if ((two[0] & papr::d0::valid) == 0) {
                ASSERT_EQ(two[0] | two[1], 0u) << i;
                continue;
            }
            ASSERT_EQ(one[0], two[0]) << i;
            ASSERT_EQ((one[1] ^ two[1]) & ~papr::d1::usage & ~papr::d1::pp0 & ~papr::d1::pp, 0u) << i;
            ASSERT_TRUE(permits_store(one[1]) || !permits_store(two[1])) << i;
        }
    }

    /// As the owner of T2's memory does after a reset, with what he has for the states of pages too.
    void zero_second() {
        std::ranges::fill(second.entries, std::array<std::uint64_t, 2>{});
        std::ranges::fill(live_words, 0);
        pages.count.clear();
    }

    Mmu& mmu_of(unsigned processor) { return mmus[runs_on[processor]]; }

    std::uint32_t second_lpid;
    hpt::RecordedMemory second;
    std::vector<std::uint64_t> live_words;
    CountingTracking pages;
    RecordedDiversion calls;
    Engine<hpt::RecordedSlots> engine;
    std::vector<Mmu> mmus;
    std::vector<Which> pointed_at;
    std::vector<unsigned> runs_on;
    std::uint64_t flushes = 0, fetched = 0;
};

} // namespace transom::dual
