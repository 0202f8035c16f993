// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <gtest/gtest.h>
#include <transom/partition/spr_list.hpp>
#include <vector>

namespace transom::partition {
namespace {

std::vector<std::string_view> only_on(unsigned generation) {
    std::vector<std::string_view> names;
    for (const SprInfo& spr : spr_list)
        if (spr.is_on(generation) && !(spr.is_on(8) && spr.is_on(9) && spr.is_on(10)))
            names.push_back(spr.name);
    std::ranges::sort(names);
    return names;
}

TEST(SprList, EachRegisterIsThereOnce) {
    for (const SprInfo& spr : spr_list) {
        const auto same = [&](const SprInfo& other) { return other.number == spr.number || other.name == spr.name; };
        EXPECT_EQ(std::ranges::count_if(spr_list, same), 1) << spr.name;
    }
}

TEST(SprList, AProcessorIsAskedForWhatItHas) {
    using Names = std::vector<std::string_view>;
    EXPECT_EQ(only_on(8), (Names{"ACOP", "CSIGR", "DPDES", "MMCRS", "SPMC1", "SPMC2", "TACR", "TCSCR", "WORT"}));
    EXPECT_EQ(only_on(9), (Names{"PSSCR", "TIDR"}));
    EXPECT_EQ(only_on(10), (Names{"DAWR1", "DAWRX1", "DEXCR", "HASHKEYR", "MMCR3", "PSSCR", "SIER2", "SIER3"}));
}

TEST(SprList, OnlyTheRunLatchIsWrittenByAnotherNumber) {
    for (const SprInfo& spr : spr_list)
        EXPECT_EQ(spr.written_as, spr.name == "CTRL" ? 152 : spr.number) << spr.name;
}

TEST(SprList, OfTheDoorbellsOnlyItsOwnIsAVirtualProcessors) {
    for (const SprInfo& spr : spr_list)
        EXPECT_EQ(spr.kept, spr.name == "DPDES" ? 1 : ~std::uint64_t{0}) << spr.name;
}

} // namespace
} // namespace transom::partition
