// SPDX-License-Identifier: Apache-2.0
#include <dual_fixture.hpp>
#include <random>

namespace transom::dual {
namespace {

using papr::Ptex;

/// The partition without a migration, in a few lines: what calls answer and accesses do.
class Reference {
  public:
    std::map<std::uint64_t, papr::PageTableEntry> slots;

    std::optional<Ptex> find(Page page) const {
        const std::uint64_t wanted = hpt::virtual_page_field(page.place(), papr::PageSize::kib_64);
        for (const bool secondary : {false, true})
            for (unsigned i = 0; i < 8; ++i) {
                const Ptex slot =
                    papr::ptex(hpt::group_of(secondary ? ~page.hash() : page.hash(), hpt::test_log2_bytes), i);
                const auto at = slots.find(slot.value);
                if (at != slots.end() && at->second.valid() && (at->second.d0 & papr::d0::compared) == wanted &&
                    ((at->second.d0 & papr::d0::secondary) != 0) == secondary)
                    return slot;
            }
        return {};
    }
    std::uint64_t access(const Access& what, Page page) {
        const bool store = what.kind == AccessKind::store;
        const auto slot = find(page);
        if (!slot)
            return cause::no_entry | (store ? cause::store : 0);
        std::uint64_t& d1 = slots[slot->value].d1;
        // The number by itself: GCC 12 with -fsanitize=undefined loses PP0 where it is the index of the literals.
        const auto pp = static_cast<unsigned>(d1 >> 63 << 2 | (d1 & 3));
        const char may = (what.key ? "NRWRNNNN" : "WWWRNNRN")[pp];
        if (what.kind == AccessKind::fetch && (d1 & 4) != 0)
            return cause::no_execute;
        if (may == 'N' || (store && may != 'W'))
            return cause::protection | (store ? cause::store : 0);
        d1 |= papr::d1::referenced | (store ? papr::d1::changed : 0);
        return 0;
    }
};

/// Random calls and accesses of two processors while migrations come and go.
class DualRandom : public testing::TestWithParam<hpt::Format> {
  protected:
    std::uint64_t random(std::uint64_t below) { return engine() % below; }
    Page random_page() {
        const Page page{random(4), random(128)};
        // They meet in few groups.
        return {page.vsid, (page.number & 0x78) | ((page.number ^ page.vsid) & 7)};
    }
    std::optional<Ptex> random_used() {
        if (reference.slots.empty())
            return {};
        auto at = reference.slots.lower_bound(random(s.table.slot_count()));
        if (at == reference.slots.end())
            at = reference.slots.begin();
        return Ptex{at->first};
    }

    void enter() {
        const Page page = random_page();
        if (reference.find(page))
            return;
        papr::PageTableEntry entry = hpt::entry_for(page.vsid, page.number, random(4) << 3);
        const bool secondary = random(3) == 0;
        entry.d0 |= secondary ? papr::d0::secondary : 0;
        entry.d1 = (entry.d1 & ~papr::d1::pp) | random(4) | random(4) << 7 | random(2) << 2 | random(4) / 3 << 63;
        const Ptex group = papr::ptex(hpt::group_of(secondary ? ~page.hash() : page.hash(), hpt::test_log2_bytes), 0);
        std::optional<Ptex> expected;
        for (std::uint64_t i = group.value; i < group.value + 8 && !expected; ++i)
            if (!reference.slots.contains(i))
                expected = Ptex{i};
        const auto done = s.enter(group, entry);
        ASSERT_EQ(done.has_value(), expected.has_value());
        if (done) {
            ASSERT_EQ(*done, *expected);
            reference.slots[done->value] = entry;
        }
    }
    void remove() {
        const auto slot = random_used();
        if (!slot)
            return;
        papr::PageTableEntry& entry = reference.slots[slot->value];
        if (random(4) == 0) {
            ASSERT_EQ(s.remove(*slot, hpt::Condition::avpn(~entry.d0)).error(), hpt::TableError::not_found);
            return;
        }
        const auto removed = s.remove(*slot, hpt::Condition::avpn(entry.d0));
        ASSERT_TRUE(removed.has_value());
        ASSERT_EQ(*removed, entry);
        reference.slots.erase(slot->value);
    }
    void protect() {
        const auto slot = random_used();
        if (!slot)
            return;
        const std::uint64_t bits = random(4) | random(2) << 2 | random(4) / 3 << 63;
        ASSERT_TRUE(s.protect(*slot, bits).has_value());
        auto& d1 = reference.slots[slot->value].d1;
        d1 = (d1 & ~papr::d1::protection) | bits;
    }
    void clear() {
        const auto slot = random_used();
        if (!slot)
            return;
        const std::uint64_t bit = random(2) == 0 ? papr::d1::changed : papr::d1::referenced;
        auto& d1 = reference.slots[slot->value].d1;
        ASSERT_EQ(s.clear(*slot, bit).value(), d1);
        // R and C of a TLB that holds the entry are the machine's affair: the flush took it.
        d1 &= ~bit;
    }
    void read() {
        const Ptex slot{random_used().value_or(Ptex{random(s.table.slot_count())})};
        const auto at = reference.slots.find(slot.value);
        ASSERT_EQ(s.read(slot), at == reference.slots.end() ? papr::PageTableEntry{} : at->second);
    }
    void access() {
        const Page page = random_page();
        const Access what = s.made(page, static_cast<AccessKind>(random(3)), random(3) == 0);
        const auto processor = static_cast<unsigned>(random(2));
        ASSERT_EQ(s.access(processor, what), reference.access(what, page));
    }
    /// The hypervisor's part.
    void migrate() {
        switch (random(8)) {
        case 0:
            static_cast<void>(s.start(random(2) == 0 ? StorePolicy::when_stored : StorePolicy::as_in_t1));
            break;
        case 1:
            if (random(8) == 0)
                s.engine.stop();
            break;
        case 2: {
            const auto processor = static_cast<unsigned>(random(2));
            s.engine.leave(processor);
            // To a physical processor on which the other one is not.
            do
                s.runs_on[processor] = static_cast<unsigned>(random(s.mmus.size()));
            while (s.runs_on[0] == s.runs_on[1]);
            s.enter_partition(processor);
            break;
        }
        case 3:
            s.engine.advance();
            ++seen[static_cast<std::size_t>(s.engine.phase())];
            break;
        case 4:
            if (s.engine.phase() == Phase::dual)
                s.pages.missing.insert(random(128) << 16);
            break;
        case 5:
            if (random(64) == 0) {
                s.clear_table();
                reference.slots.clear();
            }
            break;
        case 6:
            if (random(512) == 0)
                abandon();
            break;
        default:
            s.sweep({.groups = 1 + random(400), .ticks = ~std::uint64_t{0}},
                    random(4) == 0 ? Fold::evict : Fold::read_only);
        }
    }
    /// T1 loses R and C that only T2 had: the partition is gone, and another one begins.
    void abandon() {
        for (unsigned i = 0; i < 2; ++i)
            s.engine.leave(i);
        s.engine.abandon();
        s.zero_second();
        s.clear_table();
        reference.slots.clear();
        for (unsigned i = 0; i < 2; ++i)
            s.enter_partition(i);
    }
    void step() {
        switch (random(12)) {
        case 0:
        case 1:
            return enter();
        case 2:
            return remove();
        case 3:
            return protect();
        case 4:
            return clear();
        case 5:
            return read();
        case 6:
        case 7:
            return migrate();
        default:
            return access();
        }
    }

    /// POWER8 has the older format, and one LPID for both tables.
    DualScene s{{.format = GetParam()}, 2, GetParam() == hpt::Format::isa_2_07};
    Reference reference;
    std::mt19937_64 engine{20261126};
    std::array<unsigned, phase_count> seen{};
};

INSTANTIATE_TEST_SUITE_P(Formats, DualRandom, testing::Values(hpt::Format::isa_2_07, hpt::Format::isa_3_0),
                         hpt::format_name);

// R2, R16 to R19, I3, I4, I7: all that the partition sees is what it would see without migrations.
TEST_P(DualRandom, R2_I5_I12_J5_APartitionSeesNothingOfItsMigrations) {
    s.mmus.emplace_back(GetParam(), hpt::test_log2_bytes);
    for (int i = 0; i < 150000; ++i) {
        ASSERT_NO_FATAL_FAILURE(step()) << "step " << i;
        if (i % 1024 == 0) {
            ASSERT_NO_FATAL_FAILURE(s.check_subset()) << "step " << i;
        }
        s.slots.events.clear();
        s.second.events.clear();
    }
    for (std::uint64_t i = 0; i < s.table.slot_count(); ++i)
        ASSERT_EQ(s.read({i}), reference.slots.contains(i) ? reference.slots[i] : papr::PageTableEntry{}) << i;
    EXPECT_EQ(s.engine.counters().mismatches, 0u);
    for (const unsigned times : seen)
        EXPECT_GT(times, 10u) << "a phase was hardly there";
    EXPECT_GT(s.engine.epoch(), 10u);
}

} // namespace
} // namespace transom::dual
