// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <resize_fixture.hpp>
#include <set>
#include <string>

namespace transom::dual {
namespace {

using papr::Ptex;

struct Sizes {
    unsigned from, to;
};

/// What a partition is promised: what is bolted, where its hash says, with the R and C that there have been.
struct Promised {
    ResizePage page;
    bool secondary = false;
    papr::PageTableEntry entry;
    bool bolted() const { return (entry.d0 & papr::d0::bolted) != 0; }
};

class ResizeRandom : public testing::TestWithParam<std::tuple<hpt::Format, Sizes>> {
  protected:
    std::uint64_t random(std::uint64_t below) { return engine() % below; }

    void enter(ResizeScene& s) {
        ResizePage page{.vsid = random(4) * 0x111,
                        .segment = random(2) != 0 ? papr::SegmentSize::tib_1 : papr::SegmentSize::mib_256,
                        .small = random(2) != 0};
        // In few groups of a small table, and in others of a large one: bits 0 to 5, 11 and 12, and up to the segment's end.
        const bool short_number = page.segment == papr::SegmentSize::mib_256 && !page.small;
        page.number = random(64) | (short_number ? random(2) << 11 : random(8) << 11);
        const bool secondary = random(4) == 0;
        // As an operating system does, of which no page is there twice.
        for (const auto& [slot, promised] : model)
            if (promised.page.vsid == page.vsid && promised.page.segment == page.segment)
                if (promised.page.place().offset >> 16 == page.place().offset >> 16)
                    return;
        const unsigned log2_bytes = s.changed ? s.new_log2 : s.table.log2_bytes();
        const papr::PageTableEntry entry{page.d0(random(2) * papr::d0::bolted | secondary * papr::d0::secondary),
                                         page.d1(random(4))};
        if (const auto slot = s.enter(page.group(secondary, log2_bytes), entry))
            model[slot->value] = {page, secondary, entry};
    }
    std::map<std::uint64_t, Promised>::iterator any() {
        auto at = model.lower_bound(random(model.rbegin()->first + 1));
        return at == model.end() ? model.begin() : at;
    }
    void step(ResizeScene& s) {
        if (model.empty() || random(3) == 0)
            return enter(s);
        const auto at = any();
        const Ptex slot{at->first};
        papr::PageTableEntry& entry = at->second.entry;
        switch (random(6)) {
        case 0: {
            const auto removed = s.remove(slot);
            ASSERT_TRUE(removed);
            ASSERT_EQ(*removed, entry);
            model.erase(at);
            break;
        }
        case 1: {
            const std::uint64_t pp = random(4);
            ASSERT_EQ(s.protect(slot, pp), entry.d1);
            entry.d1 = (entry.d1 & ~papr::d1::protection) | pp;
            break;
        }
        case 2: {
            const std::uint64_t usage = random(2) != 0 ? papr::d1::referenced : papr::d1::changed;
            ASSERT_EQ(s.clear(slot, usage), entry.d1);
            entry.d1 &= ~usage;
            break;
        }
        case 3:
            ASSERT_EQ(s.read(slot), entry);
            break;
        default: {
            const std::uint64_t usage = papr::d1::referenced | random(2) * papr::d1::changed;
            s.use(s.walked(), slot, usage);
            entry.d1 |= usage;
        }
        }
    }
    /// Whether two bolted entries have one slot in the new table.
    bool collides(const ResizeScene& s) const {
        std::set<std::uint64_t> taken;
        return std::ranges::any_of(model, [&](const auto& each) {
            const Promised& promised = each.second;
            return promised.bolted() &&
                   !taken.insert(s.image(promised.page, {each.first}, promised.secondary).value).second;
        });
    }
    void change_over(ResizeScene& s) {
        // While processors go over, some walk the one and some the other.
        for (auto& [slot, promised] : model)
            if (promised.bolted() && random(2) != 0) {
                s.use(s.next, s.image(promised.page, {slot}, promised.secondary), papr::d1::referenced);
                promised.entry.d1 |= papr::d1::referenced;
            }
        s.change_over();
        std::map<std::uint64_t, Promised> kept;
        for (const auto& [slot, promised] : model)
            if (promised.bolted())
                kept[s.image(promised.page, {slot}, promised.secondary).value] = promised;
        model = kept;
    }
    void check(ResizeScene& s) {
        for (std::uint64_t i = 0; i < s.next.entries.size(); ++i) {
            const auto at = model.find(i);
            ASSERT_EQ(s.read({i}), at == model.end() ? papr::PageTableEntry{} : at->second.entry) << i;
        }
    }

    std::mt19937_64 engine{29};
    std::map<std::uint64_t, Promised> model;
};

TEST_P(ResizeRandom, R29_ThePartitionSeesNothingButWhatLoPARSays) {
    const auto [format, sizes] = GetParam();
    unsigned changed = 0, full = 0;
    for (int round = 0; round < 60; ++round) {
        model.clear();
        ResizeScene s(sizes.from, sizes.to, {.format = format});
        bool collided = false;
        const auto steps = [&](std::uint64_t count) {
            for (std::uint64_t i = 0; i < count; ++i) {
                step(s);
                collided = collided || collides(s);
            }
        };
        steps(random(60));
        s.begin();
        while (!s.tables.copy(1 + random(s.table.slot_count() / 4)))
            steps(random(8));
        steps(random(60));
        if (collides(s)) {
            ASSERT_TRUE(s.tables.full());
        }
        ASSERT_TRUE(collided || !s.tables.full());
        if (s.tables.full()) {
            ++full;
            continue;
        }
        ++changed;
        change_over(s);
        steps(random(40));
        while (!s.tables.fold(1 + random(s.table.slot_count() / 4)))
            steps(random(8));
        check(s);
    }
    EXPECT_GT(changed, 10u);
    if (sizes.to < sizes.from) {
        EXPECT_GT(full, 0u);
    } else {
        EXPECT_EQ(full, 0u);
    }
}

std::string case_name(const testing::TestParamInfo<ResizeRandom::ParamType>& tested) {
    const auto& [format, sizes] = tested.param;
    return hpt::format_name({format, 0}) + "_" + std::to_string(sizes.from) + "_to_" + std::to_string(sizes.to);
}

INSTANTIATE_TEST_SUITE_P(Formats, ResizeRandom,
                         testing::Combine(hpt::every_format,
                                          testing::Values(Sizes{18, 20}, Sizes{20, 18}, Sizes{19, 19}, Sizes{18, 19})),
                         case_name);

} // namespace
} // namespace transom::dual
