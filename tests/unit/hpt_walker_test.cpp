// SPDX-License-Identifier: Apache-2.0
#include <hpt_fixture.hpp>
#include <hpt_walker.hpp>
#include <random>

namespace transom::hpt {
namespace {

using papr::Ptex;
using Kind = RecordedMemory::Kind;
using Entry = std::array<std::uint64_t, 2>;

constexpr Format format = Format::isa_3_0;

/// Everything that a walk could find valid in a slot while the recorded stores were on their way: between two barriers
/// the stores to d0 and those to d1 arrive in their own order, and in any order among each other.
std::vector<Entry> walkable(const std::vector<RecordedMemory::Event>& events, Ptex slot, Entry state) {
    std::vector<Entry> found;
    std::array<std::vector<std::uint64_t>, 2> stores;
    const auto end_epoch = [&] {
        stores[0].insert(stores[0].begin(), state[0]);
        stores[1].insert(stores[1].begin(), state[1]);
        for (const std::uint64_t d0 : stores[0])
            for (const std::uint64_t d1 : stores[1])
                if ((d0 & papr::d0::valid) != 0)
                    found.push_back({d0 & ~papr::d0::hypervisor, d1});
        state = {stores[0].back(), stores[1].back()};
        stores = {};
    };
    for (const auto& event : events) {
        if (event.kind != Kind::store_d0 && event.kind != Kind::store_d1)
            end_epoch();
        else if (event.slot == slot.value)
            stores[event.kind == Kind::store_d1 ? 1 : 0].push_back(event.value);
    }
    end_epoch();
    return found;
}

class HptWalker : public testing::Test {
  protected:
    HptWalker() {
        t.on_flush = [this](const VirtualPage& page) { walker.flush(page); };
    }

    /// What a walk could see of a slot during the change: only what was there before and what is there afterwards.
    template <class Change> void expect_atomic(Ptex slot, Change change) {
        const Entry before = t.slots.entries[slot.value];
        t.slots.events.clear();
        change();
        const Entry after = t.slots.entries[slot.value];
        EXPECT_FALSE(t.slots.events.empty());
        for (const Entry& seen : walkable(t.slots.events, slot, before))
            EXPECT_TRUE(seen == before || seen == after) << std::hex << seen[0] << " " << seen[1];
        EXPECT_EQ(after[0] & papr::d0::hypervisor, 0u) << "left locked";
    }

    TestTable t{{.format = format}};
    Walker walker{t.slots, format};
};

TEST_F(HptWalker, SeesOnlyWholeEntries) {
    const papr::PageTableEntry entry = entry_for(3, 5);
    const Ptex slot = group_for(3, 5);
    expect_atomic(slot, [&] { ASSERT_TRUE(t.enter(slot, entry).has_value()); });
    t.slots.entries[slot.value][1] |= papr::d1::usage;
    expect_atomic(slot, [&] { ASSERT_TRUE(t.read(slot).valid()); });
    expect_atomic(slot, [&] { ASSERT_TRUE(t.protect(slot, 1).has_value()); });
    expect_atomic(slot, [&] { ASSERT_TRUE(t.clear(slot, papr::d1::changed).has_value()); });
    expect_atomic(slot, [&] { ASSERT_TRUE(t.remove(slot).has_value()); });
    expect_atomic(slot, [&] { ASSERT_TRUE(t.table.restore({slot, entry}, t.memory).has_value()); });
}

TEST_F(HptWalker, SeesOnlyWholeEntriesOfTheHypervisorToo) {
    const Ptex slot{group_for(0x1ffffff, 0).value + 7};
    expect_atomic(slot, [&] { ASSERT_TRUE(t.table.insert_real_mode({0}, t.memory).has_value()); });
    expect_atomic(slot, [&] { ASSERT_TRUE(t.enter(slot, entry_for(3, 5), true).has_value()); });
}

TEST_F(HptWalker, TheProofFindsAMissingBarrier) {
    const std::vector<RecordedMemory::Event> bad = {{Kind::store_d1, 0, 0x20}, {Kind::store_d0, 0, 0x11}};
    EXPECT_THAT(walkable(bad, {0}, {0, 0}), testing::Contains(Entry{0x11, 0}));
    const std::vector<RecordedMemory::Event> good = {
        {Kind::store_d1, 0, 0x20}, {Kind::order}, {Kind::store_d0, 0, 0x11}};
    EXPECT_THAT(walkable(good, {0}, {0, 0}), testing::Each(Entry{0x11, 0x20}));
}

enum class Warm : std::uint8_t { no, loaded, stored };
enum class Change : std::uint8_t { remove, protect, clear_changed, clear_referenced };

/// A page that is accessed once, at one moment of a change, by a processor that had used it before or had not.
struct Interleaving {
    Interleaving(Change change_, Warm warm, int moment) : change(change_) {
        t.on_flush = [this](const VirtualPage& page) { walker.flush(page); };
        invariant(t.enter(slot, entry_for(3, 5)).has_value(), "enter");
        if (warm != Warm::no)
            walker.access(slot, warm == Warm::stored);
        stored = warm == Warm::stored;
        used = warm != Warm::no;
        int turn = 0;
        t.slots.machine_turn = [&, moment] {
            if (turn++ == moment && walker.access(slot, true))
                stored = used = true;
        };
        run();
        turns = turn;
        t.slots.machine_turn = {};
        after = t.read(slot).d1;
    }

    void run() {
        switch (change) {
        case Change::remove:
            old = t.remove(slot).value().d1;
            break;
        case Change::protect:
            old = t.protect(slot, 3).value();
            break;
        case Change::clear_changed:
            old = t.clear(slot, papr::d1::changed).value();
            break;
        case Change::clear_referenced:
            old = t.clear(slot, papr::d1::referenced).value();
            break;
        }
    }

    static bool changed(std::uint64_t d1) { return (d1 & papr::d1::changed) != 0; }
    static bool referenced(std::uint64_t d1) { return (d1 & papr::d1::referenced) != 0; }

    TestTable t{{.format = format}};
    Walker walker{t.slots, format};
    const Ptex slot = group_for(3, 5);
    Change change;
    bool stored = false;
    bool used = false;
    int turns = 0;
    std::uint64_t old = 0;
    std::uint64_t after = 0;
};

template <class Check> void for_each_interleaving(Change change, Check check) {
    for (const Warm warm : {Warm::no, Warm::loaded, Warm::stored}) {
        int moments = 1;
        for (int moment = -1; moment < moments; ++moment) {
            SCOPED_TRACE(testing::Message() << "warm " << static_cast<int>(warm) << " moment " << moment);
            Interleaving one(change, warm, moment);
            check(one);
            moments = one.turns;
        }
        EXPECT_GE(moments, 2); // there were moments to choose from
    }
}

TEST(HptUsage, RemoveGivesExactlyWhatWasDone) {
    for_each_interleaving(Change::remove, [](Interleaving& one) {
        EXPECT_EQ(one.changed(one.old), one.stored);
        EXPECT_EQ(one.referenced(one.old), one.used);
        EXPECT_FALSE(one.walker.access(one.slot, false)) << "a stale translation";
        EXPECT_EQ(one.t.slots.entries[one.slot.value], (Entry{0, 0}));
    });
}

TEST(HptUsage, ProtectKeepsExactlyWhatWasDone) {
    for_each_interleaving(Change::protect, [](Interleaving& one) {
        EXPECT_EQ(one.changed(one.after), one.stored);
        EXPECT_EQ(one.referenced(one.after), one.used);
        ASSERT_TRUE(one.walker.access(one.slot, false));
        EXPECT_EQ(one.walker.held_protection(one.slot), 3u) << "a stale translation";
    });
}

TEST(HptUsage, ClearLosesNoStore) {
    for_each_interleaving(Change::clear_changed, [](Interleaving& one) {
        EXPECT_EQ(one.changed(one.old) || one.changed(one.after), one.stored);
        EXPECT_EQ(one.referenced(one.after), one.used);
        ASSERT_TRUE(one.walker.access(one.slot, true));
        EXPECT_TRUE(one.changed(one.t.read(one.slot).d1)) << "a store after the call goes unseen";
    });
}

TEST(HptUsage, ClearLosesNoReference) {
    for_each_interleaving(Change::clear_referenced, [](Interleaving& one) {
        EXPECT_EQ(one.referenced(one.old) || one.referenced(one.after), one.used);
        EXPECT_EQ(one.changed(one.after), one.stored);
        ASSERT_TRUE(one.walker.access(one.slot, false));
        EXPECT_TRUE(one.referenced(one.t.read(one.slot).d1)) << "an access after the call goes unseen";
    });
}

} // namespace
} // namespace transom::hpt
