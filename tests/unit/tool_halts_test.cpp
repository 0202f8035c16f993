// SPDX-License-Identifier: Apache-2.0
#include "processor_halts.hpp"

#include <gmock/gmock.h>

namespace transom::tool {
namespace {

Answer report(std::initializer_list<std::string_view> lines) {
    Answer answer;
    for (const std::string_view line : lines)
        static_cast<void>(answer.add_line(line));
    static_cast<void>(answer.add_line("ok"));
    return answer;
}

TEST(ProcessorHalts, AMoveHasThoseThatTheMachineHadNotCountedBefore) {
    const Answer after =
        report({"+ t2_switches=9", "+ t2_halts=5", "+ t2_halt_by_fault=900", "+ t2_halt_ticks=70",
                "+ t2_halt_by_fault=202", "+ t2_halt_ticks=90", "+ t2_halt_on_entry=44", "+ t2_halt_ticks=12"});
    const auto halts = halts_since(3, after);
    ASSERT_EQ(halts.size(), 2u);
    EXPECT_TRUE(halts[0].by_fault);
    EXPECT_EQ(halts[0].instructions, 202u);
    EXPECT_EQ(halts[0].ticks, 90u);
    EXPECT_FALSE(halts[1].by_fault);
    EXPECT_EQ(halts[1].ticks, 12u);
    EXPECT_TRUE(halts_since(5, after).empty());
    EXPECT_EQ(halts_since(0, after).size(), 3u) << "the machine keeps no more";
    EXPECT_EQ(to_json(halts)[1]["way"], "on-entry");
}

TEST(ProcessorHalts, MediansAreOverProcessorsByTheWayBack) {
    const std::vector<ProcessorHalt> halts = {
        {true, 200, 5}, {true, 900, 1}, {true, 202, 9}, {false, 44, 7}, {false, 41, 8}};
    const auto medians = HaltMedians::of(halts);
    EXPECT_EQ(medians.fault_instructions, 202u);
    EXPECT_EQ(medians.entry_instructions, 41u);
    EXPECT_EQ(medians.ticks, 7u);
    EXPECT_EQ(medians.json()["processors"], 5);
    EXPECT_THAT(medians.text(), testing::HasSubstr("medians of 5: 202 instructions by a fault (3 of them), 41 on"));
    EXPECT_EQ(HaltMedians::of({}).text(), "");
    EXPECT_FALSE(HaltMedians::of({}).json().contains("ticks"));
}

} // namespace
} // namespace transom::tool
