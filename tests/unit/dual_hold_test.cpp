// SPDX-License-Identifier: Apache-2.0
#include <dual_drain_fixture.hpp>

// C9: for how long a slot is locked, counted in accesses to the memory of both tables from the lock to the store that gives it up. The flush in
// between is none; how many instructions a call takes that does all of this is what system.bench_hcall limits.
namespace transom::dual {
namespace {

using papr::Ptex;
constexpr std::uint64_t C = papr::d1::changed;
constexpr Portion all{.groups = ~std::uint64_t{0} >> 1, .ticks = ~std::uint64_t{0}};

/// Of one entry, with its twin; a group's entries that share a flush are locked one after the other, and given up so.
constexpr std::uint64_t most_of_one = 27, most_of_group = papr::slots_per_group * most_of_one;

class DualHold : public DualDrain {
  protected:
    void SetUp() override {
        s.slots.holds = s.second.holds = &meter;
        s.second.has_locks = false;
    }
    /// Something was locked since the last time, and none for longer than that.
    void expect_short(std::string_view what, std::uint64_t most = most_of_one) {
        const std::uint64_t longest = meter.take_longest();
        EXPECT_GT(longest, 0u) << what;
        EXPECT_LE(longest, most) << what;
        RecordProperty(std::string(what), std::to_string(longest));
    }
    /// Each call on a slot that has an entry, and one that enters another.
    void make_each_call(std::string_view when, Ptex slot, std::uint64_t number) {
        const std::string name(when);
        s.read(slot);
        expect_short(name + " H_READ");
        ASSERT_TRUE(s.protect(slot, 3));
        expect_short(name + " H_PROTECT");
        ASSERT_TRUE(s.protect(slot, 3));
        expect_short(name + " H_PROTECT to what it is");
        ASSERT_TRUE(s.clear(slot, C));
        expect_short(name + " H_CLEAR_MOD");
        ASSERT_TRUE(s.remove(slot));
        expect_short(name + " H_REMOVE");
        s.enter(Page{7, number});
        expect_short(name + " H_ENTER");
        EXPECT_FALSE(s.remove(slot, hpt::Condition::avpn(0x7f00)));
        expect_short(name + " H_REMOVE of another one");
    }

    hpt::HoldMeter meter;
};
INSTANTIATE_TEST_SUITE_P(Formats, DualHold, hpt::every_format, hpt::format_name);

TEST_P(DualHold, C9_NoCallHoldsALockForLong) {
    for (std::uint64_t i = 0; i < 40; ++i)
        slots.push_back(s.enter(Page{7, i}));
    meter.take_longest();
    make_each_call("one table,", slots[0], 100);
    s.to_dual();
    for (std::uint64_t i = 1; i < 40; ++i)
        ASSERT_EQ(s.store(0, Page{7, i}), 0u);
    meter.take_longest();
    make_each_call("two tables,", slots[1], 101);
    s.to_drain();
    meter.take_longest();
    make_each_call("drain,", slots[2], 102);
}

TEST_P(DualHold, C9_NoFaultHoldsALockForLong) {
    slots.push_back(s.enter(Page{7, 1}));
    s.to_dual();
    meter.take_longest();
    ASSERT_EQ(s.load(0, Page{7, 1}), 0u);
    expect_short("fill");
    ASSERT_EQ(s.store(0, Page{7, 1}), 0u);
    expect_short("first store");
}

// Where T2 is walked the entries of a group share a flush: the first is held for as long as all of them.
TEST_P(DualHold, C9_TheSweepHoldsAGroupAtMost) {
    for (std::uint64_t i = 0; i < papr::slots_per_group; ++i)
        slots.push_back(s.enter(Page{7 ^ i, i}));
    for (std::uint64_t i = 64; i < 104; ++i) // in other groups
        s.enter(Page{7, i});
    s.to_dual();
    const auto store_all = [&] {
        for (std::uint64_t i = 0; i < slots.size(); ++i) {
            ASSERT_EQ(slots[i].group(), slots[0].group());
            ASSERT_EQ(s.store(0, Page{7 ^ i, i}), 0u);
        }
        for (std::uint64_t i = 64; i < 104; ++i)
            ASSERT_EQ(s.store(0, Page{7, i}), 0u);
        meter.take_longest();
    };
    store_all();
    EXPECT_EQ(s.sweep(all, Fold::read_only).entries, 48u);
    expect_short("fold", most_of_group);
    store_all();
    EXPECT_EQ(s.sweep(all, Fold::evict).entries, 48u);
    expect_short("eviction", most_of_group);
    store_all();
    s.to_drain();
    meter.take_longest();
    EXPECT_EQ(s.sweep().entries, 48u);
    expect_short("drain");
}

} // namespace
} // namespace transom::dual
