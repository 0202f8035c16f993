// SPDX-License-Identifier: Apache-2.0
#include <hpt_fixture.hpp>
#include <hpt_walker.hpp>
#include <random>

namespace transom::hpt {
namespace {

using papr::Ptex;

template <class T> std::optional<T> value_of(const std::expected<T, TableError>& result) {
    return result ? std::optional<T>(*result) : std::nullopt;
}

/// The table as LoPAR describes it, without a machine, in a few lines.
class PlainTable {
  public:
    std::optional<Ptex> enter(Ptex slot, papr::PageTableEntry entry, bool exact) {
        const Ptex first = exact ? slot : papr::ptex(slot.group(), 0);
        for (std::uint64_t i = first.value; i < first.value + (exact ? 1 : 8); ++i) {
            if (!slots[i].valid()) {
                slots[i] = entry;
                return Ptex{i};
            }
        }
        return {};
    }
    std::optional<papr::PageTableEntry> remove(Ptex slot, const Condition& condition) {
        if (!matches(slot, condition))
            return {};
        return std::exchange(slots[slot.value], {});
    }
    bool protect(Ptex slot, std::uint64_t bits, const Condition& condition) {
        if (!matches(slot, condition))
            return false;
        slots[slot.value].d1 = (slots[slot.value].d1 & ~papr::d1::protection) | bits;
        return true;
    }
    std::optional<std::uint64_t> clear(Ptex slot, std::uint64_t usage) {
        if (!matches(slot, {}))
            return {};
        const std::uint64_t before = slots[slot.value].d1;
        slots[slot.value].d1 &= ~usage;
        return before;
    }
    bool matches(Ptex slot, const Condition& condition) {
        const papr::PageTableEntry& entry = slots[slot.value];
        return entry.valid() && (condition.compared == 0 || entry.d0 >> 7 == condition.operand >> 7) &&
               (entry.d0 & condition.absent) == 0;
    }

    std::map<std::uint64_t, papr::PageTableEntry> slots;
};

/// Random calls, accesses and real-mode faults on few groups and few pages, so that everything meets everything.
class HptRandom : public testing::TestWithParam<Format> {
  protected:
    HptRandom() {
        t.on_flush = [this](const VirtualPage& page) { walker.flush(page); };
    }

    std::uint64_t random(std::uint64_t below) {
        return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(engine);
    }

    /// One of 512 pages; they go into 8 groups by their number, wherever a machine would look for them.
    papr::PageTableEntry random_entry() {
        papr::PageTableEntry entry = entry_for(random(4), random(128), random(4) << 3);
        entry.d0 &= ~(random(8) == 0 ? papr::d0::valid : 0);
        entry.d1 |= random(8) << 9 | random(4) << 7 | random(2) << 63 | random(2) << 2;
        return entry;
    }
    Ptex random_slot() { return papr::ptex(groups[random(groups.size())], static_cast<unsigned>(random(8))); }
    Condition random_condition(Ptex slot) {
        switch (random(4)) {
        case 0:
            return Condition::avpn(plain.slots[slot.value].d0);
        case 1:
            return Condition::avpn(entry_for(random(4), random(128)).d0);
        case 2:
            return Condition::andcond(random(4) << 3);
        default:
            return {};
        }
    }

    void access() {
        const Ptex slot = random_slot();
        const bool store = random(2) == 0;
        const bool theirs = plain.slots[slot.value].valid();
        const bool possible = walker.access(slot, store);
        if (theirs) {
            ASSERT_TRUE(possible);
            plain.slots[slot.value].d1 |= papr::d1::referenced | (store ? papr::d1::changed : 0);
        }
    }

    void step() {
        const Ptex slot = random_slot();
        switch (random(8)) {
        case 0:
        case 1: {
            const papr::PageTableEntry entry = random_entry();
            const bool exact = random(4) == 0;
            const auto expected = plain.enter(slot, entry, exact);
            ASSERT_EQ(value_of(t.enter(slot, entry, exact)), expected);
            break;
        }
        case 2: {
            const Condition condition = random_condition(slot);
            const auto expected = plain.remove(slot, condition);
            ASSERT_EQ(value_of(t.remove(slot, condition)), expected);
            break;
        }
        case 3: {
            const Condition condition = random_condition(slot);
            const std::uint64_t bits = random(4) | random(2) << 63 | random(8) << 9;
            ASSERT_EQ(t.protect(slot, bits, condition).has_value(), plain.protect(slot, bits, condition));
            break;
        }
        case 4: {
            const std::uint64_t usage = random(2) == 0 ? papr::d1::referenced : papr::d1::changed;
            const auto expected = plain.clear(slot, usage);
            ASSERT_EQ(value_of(t.clear(slot, usage)), expected);
            break;
        }
        case 5:
            // The hypervisor's entries come and go; whether there was room does not matter here.
            static_cast<void>(t.table.insert_real_mode({random(32) << 16}, t.memory));
            break;
        case 6:
            ASSERT_EQ(t.read(slot), plain.slots[slot.value]);
            break;
        default:
            access();
        }
    }

    /// Each valid slot translates to the real page of its logical one.
    void check_translations() {
        for (const auto& [index, entry] : plain.slots) {
            if (!entry.valid())
                continue;
            const papr::PageSizes sizes = decode_page_sizes(entry).value();
            const RealAddr real = t.memory.translate(page_address(entry, sizes)).value();
            const HardwareEntry hardware = to_hardware(GetParam(), entry, sizes, real);
            ASSERT_THAT(t.slots.entries[index], testing::ElementsAre(hardware.d0, hardware.d1));
        }
    }

    TestTable t{{.format = GetParam()}};
    Walker walker{t.slots, GetParam()};
    PlainTable plain;
    std::mt19937_64 engine{20261122};
    // Among them the groups of the pages that are accessed in real mode.
    const std::vector<papr::GroupIndex> groups = {
        {5}, {6}, group_for(0x1ffffff, 0).group(), group_for(0x1ffffff, 1).group()};
};

INSTANTIATE_TEST_SUITE_P(Formats, HptRandom, testing::Values(Format::isa_2_07, Format::isa_3_0), format_name);

TEST_P(HptRandom, BehavesLikeThePlainTable) {
    for (int i = 0; i < 200000; ++i) {
        ASSERT_NO_FATAL_FAILURE(step()) << "step " << i;
        if (i % 4096 == 0) {
            ASSERT_NO_FATAL_FAILURE(check_translations());
        }
        t.slots.events.clear();
    }
    for (std::uint64_t i = 0; i < t.table.slot_count(); ++i)
        ASSERT_EQ(t.read({i}), plain.slots[i]);
}

} // namespace
} // namespace transom::hpt
