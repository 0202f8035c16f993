// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "frame_stream.hpp"
#include "link_direction.hpp"

#include <gmock/gmock.h>

namespace transom::tool {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Time = LinkRules::Time;

std::string refusal(std::string_view text) {
    try {
        static_cast<void>(parse_link_rules(text));
    } catch (const Failure& failure) {
        return failure.what();
    }
    return "";
}

TEST(ToolLink, RulesAreWrittenAsForTc) {
    const LinkRules rules = parse_link_rules("loss 1% duplicate 2.5% reorder 50%  delay 5ms 250us rate 100mbit limit "
                                             "20 cut 500ms for 3s cut 9s for 1s seed 7");
    EXPECT_DOUBLE_EQ(rules.loss, 0.01);
    EXPECT_DOUBLE_EQ(rules.duplicate, 0.025);
    EXPECT_DOUBLE_EQ(rules.reorder, 0.5);
    EXPECT_EQ(rules.delay, 5ms);
    EXPECT_EQ(rules.jitter, 250us);
    EXPECT_EQ(rules.bits_per_second, 100'000'000u);
    EXPECT_EQ(rules.limit, 20u);
    ASSERT_EQ(rules.cuts.size(), 2u);
    EXPECT_EQ(rules.cuts[0].after, 500ms);
    EXPECT_EQ(rules.cuts[0].lasting, 3s);
    EXPECT_EQ(rules.seed, 7u);
    EXPECT_EQ(parse_link_rules("delay 5ms loss 1%").jitter, 0ns);
}

TEST(ToolLink, WhatIsNoRuleIsRefusedByName) {
    EXPECT_THAT(refusal("los 1%"), HasSubstr("--link los: there are loss"));
    EXPECT_THAT(refusal("loss"), HasSubstr("percentage"));
    for (const char* text :
         {"loss 1", "loss 101%", "loss -1%", "loss nan%", "delay 5", "delay 5m", "rate 5", "rate 0bit", "rate 100Mbit",
          "cut 1s", "cut 1s in 2s", "limit 1e3", "seed x", "delay 1ms 2ms", "reorder 5%", "delay 99999999999s"})
        EXPECT_THAT(refusal(text), HasSubstr("--link ")) << text;
}

/// Of so many frames, one each millisecond.
LinkCounts run(const LinkRules& rules, int frames, std::size_t bytes = 1000) {
    LinkDirection way(rules, 0);
    for (int i = 0; i < frames; ++i)
        static_cast<void>(way.frame(i * 1ms, bytes));
    return way.counts();
}

TEST(ToolLink, WithoutRulesEveryFramePassesAtOnce) {
    LinkDirection way({}, 0);
    EXPECT_THAT(way.frame(7ms, 1500), ElementsAre(Time(7ms)));
    EXPECT_EQ(way.counts().passed, 1u);
}

TEST(ToolLink, AsManyAreLostAndDoubledAsWasSaid) {
    const LinkCounts counts = run(parse_link_rules("loss 10% duplicate 20%"), 10'000);
    EXPECT_EQ(counts.frames, 10'000u);
    EXPECT_NEAR(static_cast<double>(counts.lost), 1000, 100);
    EXPECT_NEAR(static_cast<double>(counts.duplicated), 1800, 150);
    EXPECT_EQ(counts.passed, counts.frames - counts.lost + counts.duplicated);
}

TEST(ToolLink, TheSeedDecidesAndOneRuleDoesNotChangeAnother) {
    const auto lost = [](std::string_view rules, unsigned way) {
        LinkDirection direction(parse_link_rules(rules), way);
        std::vector<int> list;
        for (int i = 0; i < 1000; ++i)
            if (direction.frame(i * 1ms, 100).empty())
                list.push_back(i);
        return list;
    };
    const auto first = lost("loss 5% seed 3", 0);
    EXPECT_EQ(lost("loss 5% seed 3", 0), first);
    EXPECT_EQ(lost("loss 5% duplicate 30% delay 2ms 1ms seed 3", 0), first);
    EXPECT_NE(lost("loss 5% seed 4", 0), first);
    EXPECT_NE(lost("loss 5% seed 3", 1), first);
}

TEST(ToolLink, TheRateIsKeptAndTheDelayComesAfterIt) {
    LinkDirection way(parse_link_rules("rate 8mbit delay 10ms"), 0); // a byte each microsecond
    EXPECT_THAT(way.frame(0ms, 1000), ElementsAre(Time(11ms)));
    EXPECT_THAT(way.frame(0ms, 1000), ElementsAre(Time(12ms)));
    EXPECT_THAT(way.frame(50ms, 500), ElementsAre(Time(60ms + 500us)));
}

TEST(ToolLink, MoreThanTheLimitAreLostUntilSomeHaveLeft) {
    LinkDirection way(parse_link_rules("delay 10ms limit 2"), 0);
    EXPECT_EQ(way.frame(0ms, 100).size(), 1u);
    EXPECT_EQ(way.frame(1ms, 100).size(), 1u);
    EXPECT_THAT(way.frame(2ms, 100), IsEmpty());
    EXPECT_EQ(way.counts().overrun, 1u);
    EXPECT_EQ(way.frame(10ms, 100).size(), 1u);
}

TEST(ToolLink, TheDelayDiffersByTheJitterAtMost) {
    LinkDirection way(parse_link_rules("delay 10ms 4ms"), 0);
    Time least = 1s, most = 0s;
    for (int i = 0; i < 1000; ++i)
        for (const Time at : way.frame(i * 1s, 100)) {
            least = std::min(least, at - i * 1s);
            most = std::max(most, at - i * 1s);
        }
    EXPECT_GE(least, 6ms);
    EXPECT_LT(least, 7ms);
    EXPECT_GT(most, 13ms);
    EXPECT_LE(most, 14ms);
}

TEST(ToolLink, AReorderedFrameOvertakesThoseBeforeIt) {
    LinkDirection way(parse_link_rules("delay 10ms reorder 25%"), 0);
    int overtook = 0;
    for (int i = 0; i < 1000; ++i)
        overtook += way.frame(i * 1ms, 100) == std::vector<Time>{i * 1ms} ? 1 : 0;
    EXPECT_EQ(static_cast<std::uint64_t>(overtook), way.counts().reordered);
    EXPECT_NEAR(overtook, 250, 50);
}

TEST(ToolLink, ACutTakesWhatComesAndWhatIsUnderWayAfterEachMovesBegin) {
    LinkDirection way(parse_link_rules("delay 10ms cut 100ms for 50ms"), 0);
    EXPECT_EQ(way.frame(0ms, 100).size(), 1u);
    way.begin_move(1000ms);
    EXPECT_EQ(way.frame(1080ms, 100).size(), 1u);
    EXPECT_THAT(way.frame(1095ms, 100), IsEmpty()); // would leave when there is no link
    EXPECT_THAT(way.frame(1100ms, 100), IsEmpty());
    EXPECT_THAT(way.frame(1149ms, 100), IsEmpty());
    EXPECT_EQ(way.frame(1150ms, 100).size(), 1u);
    EXPECT_EQ(way.counts().cut, 3u);
    way.begin_move(2000ms);
    EXPECT_THAT(way.frame(2120ms, 100), IsEmpty());
}

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
    std::vector<std::byte> bytes;
    for (const int value : values)
        bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

TEST(ToolLink, FramesAreTakenFromAStreamHoweverItIsCut) {
    const auto stream = bytes_of({0, 0, 0, 3, 7, 8, 9, 0, 0, 0, 1, 5});
    for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
        FrameStream frames;
        std::vector<std::vector<std::byte>> got;
        std::vector<std::byte> again;
        for (std::size_t i = 0; i < stream.size(); i += piece) {
            frames.feed(std::span(stream).subspan(i, std::min(piece, stream.size() - i)));
            while (const auto frame = frames.next()) {
                got.push_back(*frame);
                FrameStream::append(again, *frame);
            }
        }
        EXPECT_THAT(got, ElementsAre(bytes_of({7, 8, 9}), bytes_of({5})));
        EXPECT_EQ(again, stream);
    }
}

TEST(ToolLink, ALengthThatNoFrameHasEndsIt) {
    for (const auto& stream : {bytes_of({0, 0, 0, 0}), bytes_of({0, 2, 0, 0})}) {
        FrameStream frames;
        frames.feed(stream);
        EXPECT_THROW(static_cast<void>(frames.next()), Failure);
    }
}

} // namespace
} // namespace transom::tool
