// SPDX-License-Identifier: Apache-2.0
#include <dual_drain_fixture.hpp>

// Folding T2 into T1 while T2 is walked, and what the sweep holds meanwhile.
namespace transom::dual {
namespace {

using papr::Ptex;
constexpr std::uint64_t C = papr::d1::changed, R = papr::d1::referenced;

// D22: at the source, while T2 is walked.
TEST_P(DualDrain, R26_FoldingFlushesBeforeItReadsRAndC) {
    fill(20);
    const std::uint64_t before = s.engine.counters().flushes, tlbies = s.engine.counters().tlbies;
    // A store that is made when the entry is invalid already, by a processor that still has it.
    bool stored = false;
    s.machine.on_flush_ = [&](const arch::FakeFlush& flush) {
        if (!stored && !s.has_twin(slots[2]))
            stored = s.mmus[0].access(s.second, s.second_lpid, s.made(Page{7, 2}, AccessKind::store)) == 0;
        for (Mmu& mmu : s.mmus)
            mmu.flush(flush.lpid, flush.page ? std::optional(*flush.page) : std::nullopt);
    };
    const Swept swept = s.sweep({.groups = ~std::uint64_t{0} >> 1, .ticks = ~std::uint64_t{0}}, Fold::read_only);
    EXPECT_TRUE(stored);
    EXPECT_EQ(swept.entries, 10u) << "the others permit no stores";
    EXPECT_EQ(s.engine.counters().flushes, before + 10) << "each in its own group";
    EXPECT_EQ(s.engine.counters().tlbies, tlbies + 10);
    EXPECT_EQ(s.twins(), 20u) << "they stay";
    for (const Ptex slot : slots)
        EXPECT_EQ(s.twin_pp(slot), 3u);
    for (const auto& [page, count] : s.pages.count)
        EXPECT_EQ(count, 0) << page;
    expect_usage();
    // What has not changed since costs nothing.
    const Swept nothing = s.sweep({.groups = ~std::uint64_t{0} >> 1, .ticks = ~std::uint64_t{0}}, Fold::read_only);
    EXPECT_EQ(nothing.entries, 0u);
    EXPECT_EQ(s.engine.counters().flushes, before + 10);
    // A store after that faults, and counts anew.
    ASSERT_TRUE(s.clear(slots[1], C).has_value());
    EXPECT_EQ(s.store(1, Page{7, 1}), 0u);
    EXPECT_EQ(s.store(1, Page{7, 3}), 0u);
    EXPECT_EQ(s.usage(slots[3]), R | C);
    EXPECT_EQ(s.sweep().entries, 20u);
    EXPECT_TRUE(s.second_is_zero());
    EXPECT_EQ(s.engine.phase(), Phase::dual);
    s.check_subset();
}

// An entry that permits no store is left as it is: T1 learns its R, which needs no flush.
TEST_P(DualDrain, AFoldCopiesRWithoutAFlush) {
    fill(2);
    const std::uint64_t flushes = s.flushes;
    const auto twin = s.second.entries[slots[1].value];
    EXPECT_EQ(s.slots.entries[slots[1].value][1] & (R | C), 0u);
    EXPECT_EQ(s.sweep({.groups = ~std::uint64_t{0} >> 1, .ticks = ~std::uint64_t{0}}, Fold::read_only).entries, 1u);
    EXPECT_EQ(s.flushes, flushes + 1) << "for the other one";
    EXPECT_EQ(s.slots.entries[slots[1].value][1] & (R | C), R);
    EXPECT_EQ(s.slots.entries[slots[1].value][0] & 0x40, 0u);
    EXPECT_EQ(s.second.entries[slots[1].value], twin);
    // A clearing of R takes both, and the next fold does not bring it back.
    EXPECT_EQ(s.clear(slots[1], R).value() & R, R);
    s.sweep({.groups = ~std::uint64_t{0} >> 1, .ticks = ~std::uint64_t{0}}, Fold::read_only);
    EXPECT_EQ(s.usage(slots[1]), 0u);
}

/// Five pages of one group, all stored to.
class DualGroup : public DualDrain {
  protected:
    void SetUp() override {
        for (std::uint64_t i = 0; i < 5; ++i)
            slots.push_back(s.enter(Page{7 ^ i, i}));
        s.to_dual();
        for (std::uint64_t i = 0; i < 5; ++i) {
            ASSERT_EQ(slots[i].group(), slots[0].group());
            ASSERT_EQ(s.store(0, Page{7 ^ i, i}), 0u);
        }
        s.slots.machine_turn = [this] {
            unsigned now = 0;
            for (const Ptex slot : slots)
                now += (s.slots.entries[slot.value][0] & 0x40) != 0 ? 1 : 0;
            most_locks = std::max(most_locks, now);
        };
    }
    unsigned most_locks = 0;
};
INSTANTIATE_TEST_SUITE_P(Formats, DualGroup, hpt::every_format, hpt::format_name);

// C3: where it is walked the entries of a group share a flush, and their locks are held for no longer than that.
TEST_P(DualGroup, C3_AGroupIsFoldedWithOneFlush) {
    const std::uint64_t before = s.engine.counters().flushes;
    EXPECT_EQ(s.sweep().entries, 5u);
    EXPECT_EQ(s.engine.counters().flushes, before + 1);
    EXPECT_EQ(most_locks, 5u);
}

// C9: where it is not, there is no flush to share, and one lock at a time.
TEST_P(DualGroup, C9_ADrainHoldsOneLockAtATime) {
    s.to_drain();
    most_locks = 0;
    EXPECT_EQ(s.sweep().entries, 5u);
    EXPECT_EQ(most_locks, 1u);
    EXPECT_TRUE(s.second_is_zero());
}

} // namespace
} // namespace transom::dual
