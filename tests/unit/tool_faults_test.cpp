// SPDX-License-Identifier: Apache-2.0
#include "fault_oracle.hpp"
#include "fault_report.hpp"

#include <gmock/gmock.h>

namespace transom::tool {
namespace {

using migrate::RecordType;
using testing::HasSubstr;
using testing::IsEmpty;

std::uint16_t number(RecordType type) { return static_cast<std::uint16_t>(type); }

FaultCell cell(End sender, MoveState phase, RecordType record, std::optional<End> victim = {}) {
    return {.sender = sender,
            .phase = phase,
            .record = number(record),
            .action = victim ? "hold" : "cut",
            .victim = victim};
}

MoveCounts hybrid() {
    MoveCounts counts;
    PhaseCounts& source = counts.of(Layer::stream, End::source);
    source[MoveState::connecting] = {{number(RecordType::hello), 1}, {number(RecordType::working), 7}};
    source[MoveState::pre_copying] = {{number(RecordType::page), 200}};
    source[MoveState::confirming] = {{number(RecordType::run), 1}};
    source[MoveState::post_copying] = {{number(RecordType::page), 2}};
    counts.of(Layer::stream, End::target)[MoveState::post_copying] = {{number(RecordType::running), 1}};
    counts.of(Layer::sealed, End::source)[MoveState::connecting] = {{tls_handshake, 5}, {tls_data, 100}};
    return counts;
}

TEST(ToolFaults, EachRecordOfAPhaseUpToSoManyAndElseThreeOfThem) {
    const auto some = fault_cells(hybrid(), 3, 3);
    EXPECT_EQ(some.size(), 3u * (1 + 3 + 1 + 2 + 1 + 3 + 3)) << "three faults each, and none of what comes by chance";
    EXPECT_EQ(some[0].text(), "connecting, hello 1 of the source: corrupt");
    EXPECT_EQ(some[0].order(), "fault phase=connecting record=1 nth=1 do=corrupt");
    EXPECT_EQ(some[3].nth, 1u);
    EXPECT_EQ(some[6].nth, 100u);
    EXPECT_EQ(some[9].nth, 200u);
    EXPECT_EQ(some[9].phase, MoveState::pre_copying);
    EXPECT_EQ(fault_cells(hybrid(), 200, 3).size(), 3u * (1 + 200 + 1 + 2 + 1 + 3 + 3));
    EXPECT_EQ(fault_cells(hybrid(), 3, 200).size(), 3u * (1 + 3 + 1 + 2 + 1 + 5 + 100));
    EXPECT_EQ(some.back().text(), "connecting, sealed 100 of the source: cut");
    EXPECT_EQ(some.back().order(), "fault layer=sealed phase=connecting record=23 nth=100 do=cut");
    EXPECT_EQ(some[some.size() - 10].order(), "fault layer=sealed record=22 nth=5 do=cut") << "of the whole move";
}

TEST(ToolFaults, PartsAreTogetherAllOfThem) {
    const auto all = fault_cells(hybrid(), 3, 3);
    std::size_t count = 0;
    for (std::size_t part = 1; part <= 4; ++part) {
        const auto some = part_of(all, part, 4);
        EXPECT_EQ(some[0].text(), all[part - 1].text());
        count += some.size();
    }
    EXPECT_EQ(count, all.size());
}

TEST(ToolFaults, WhatTwoMovesHadIsToBeExpectedOfAThird) {
    MoveCounts once = hybrid(), again = hybrid();
    again.of(Layer::stream, End::source)[MoveState::pre_copying] = {{number(RecordType::page), 150},
                                                                    {number(RecordType::packed_page), 1}};
    again.of(Layer::stream, End::target).clear();
    const MoveCounts both = once.in_both(again);
    EXPECT_EQ(both.of(Layer::stream, End::source).at(MoveState::pre_copying).size(), 1u);
    EXPECT_EQ(both.of(Layer::stream, End::source).at(MoveState::pre_copying).at(number(RecordType::page)), 150u);
    EXPECT_THAT(both.of(Layer::stream, End::target), IsEmpty());
}

Outcome ends(const FaultCell& cell, bool beside = false) {
    return expected(cell, {.phase = cell.phase, .beside = beside});
}

TEST(ToolFaults, WhoHasItFollowsFromThePhaseThatTheFaultCameIn) {
    using enum MoveState;
    for (const MoveState phase : {connecting, pre_copying, copying, confirming}) {
        for (const RecordType record : {RecordType::page, RecordType::end, RecordType::run})
            EXPECT_EQ(ends(cell(End::source, phase, record)), Outcome::on_source);
        EXPECT_EQ(ends(cell(End::target, phase, RecordType::held)), Outcome::on_source);
        EXPECT_EQ(ends(cell(End::source, phase, RecordType::page), true), Outcome::on_target) << "by a channel";
    }
    for (const MoveState phase : {post_copying, completed}) {
        EXPECT_EQ(ends(cell(End::source, phase, RecordType::page)), Outcome::on_target);
        EXPECT_EQ(ends(cell(End::target, phase, RecordType::running)), Outcome::on_target);
    }
    FaultCell held = cell(End::source, pre_copying, RecordType::page);
    held.action = "hold";
    EXPECT_EQ(ends(held, true), Outcome::on_source) << "it stops all connections";
    FaultCell handshake{.sender = End::target, .phase = connecting, .layer = Layer::sealed, .record = tls_handshake};
    EXPECT_EQ(expected(handshake, {.phase = completed}), Outcome::on_source) << "that was the move before";
    EXPECT_EQ(expected(handshake, {.phase = pre_copying, .beside = true}), Outcome::on_target);
}

TEST(ToolFaults, WhatADeathComesToFollowsFromWhoHadTheOnlyCopy) {
    using enum MoveState;
    const auto dies = [](End victim, End sender, MoveState phase, RecordType record) {
        return ends(cell(sender, phase, record, victim));
    };
    for (const MoveState phase : {connecting, pre_copying, copying, confirming}) {
        EXPECT_EQ(dies(End::source, End::source, phase, RecordType::page), Outcome::lost);
        EXPECT_EQ(dies(End::target, End::source, phase, RecordType::page), Outcome::on_source);
        EXPECT_EQ(dies(End::target, End::source, phase, RecordType::run), Outcome::on_source) << "it is held";
    }
    FaultCell gone = cell(End::source, confirming, RecordType::run, End::target);
    gone.let_go = true;
    EXPECT_EQ(ends(gone), Outcome::in_doubt);
    EXPECT_EQ(dies(End::source, End::target, completed, RecordType::running), Outcome::on_target);
    EXPECT_EQ(dies(End::source, End::target, post_copying, RecordType::running), Outcome::lost);
    for (const MoveState phase : {completed, post_copying})
        EXPECT_EQ(dies(End::target, End::target, phase, RecordType::running), Outcome::in_doubt);
    EXPECT_EQ(dies(End::source, End::source, post_copying, RecordType::page), Outcome::lost);
    EXPECT_EQ(dies(End::source, End::source, post_copying, RecordType::all_sent), Outcome::on_target);
    for (const RecordType record : {RecordType::page, RecordType::all_sent})
        EXPECT_EQ(dies(End::target, End::source, post_copying, record), Outcome::lost);
    EXPECT_EQ(dies(End::target, End::target, completed, RecordType::all_here), Outcome::lost);
    EXPECT_EQ(dies(End::source, End::target, completed, RecordType::all_here), Outcome::on_target);
}

TEST(ToolFaults, TheSurvivorHasToSayWhatItHas) {
    using enum MoveState;
    const FaultCell early = cell(End::source, copying, RecordType::vcpu, End::source),
                    late = cell(End::source, post_copying, RecordType::page, End::source),
                    waits = cell(End::source, post_copying, RecordType::page, End::target),
                    doubt = cell(End::target, completed, RecordType::running, End::target);
    EXPECT_THAT(survivor_complaints(early, Outcome::lost, {"failed", "", true, 0}), IsEmpty());
    EXPECT_THAT(survivor_complaints(early, Outcome::lost, {"failed", "empty", true, 0}),
                ElementsAre(HasSubstr("keeps what had come")));
    const auto silent = ElementsAre(HasSubstr("does not say that the move failed"));
    for (const MoveState phase : {pre_copying, copying, confirming}) {
        const FaultCell dies = cell(End::source, phase, RecordType::page, End::source);
        EXPECT_THAT(survivor_complaints(dies, Outcome::lost, {"failed", "", false, 0}), silent);
        EXPECT_THAT(survivor_complaints(dies, Outcome::lost, {"none", "", true, 0}), silent);
    }
    const FaultCell greets = cell(End::source, connecting, RecordType::hello, End::source);
    EXPECT_THAT(survivor_complaints(greets, Outcome::lost, {"none", "", false, 0}), IsEmpty()) << "it was not there";
    EXPECT_THAT(survivor_complaints(late, Outcome::lost, {"post-copying", "running", true, 3, true}), IsEmpty());
    EXPECT_EQ(survivor_complaints(late, Outcome::lost, {"post-copying", "running", true, 0}).size(), 1u);
    EXPECT_EQ(survivor_complaints(late, Outcome::lost, {"post-copying", "running", true, 3, false}).size(), 1u)
        << "how many, and not which";
    EXPECT_EQ(survivor_complaints(late, Outcome::lost, {"completed", "", true, 3, true}).size(), 2u);
    EXPECT_THAT(survivor_complaints(waits, Outcome::lost, {"post-copying", "suspended", true, 3, true}), IsEmpty());
    EXPECT_EQ(survivor_complaints(waits, Outcome::lost, {"post-copying", "suspended", true, 3, false}).size(), 1u);
    EXPECT_EQ(survivor_complaints(waits, Outcome::lost, {"post-copying", "running", false, 0}).size(), 3u);
    const FaultCell sent = cell(End::source, post_copying, RecordType::all_sent, End::target);
    EXPECT_THAT(survivor_complaints(sent, Outcome::lost, {"post-copying", "suspended", true, 0}), IsEmpty());
    EXPECT_THAT(survivor_complaints(sent, Outcome::lost, {"completed", "", false, 0}), IsEmpty())
        << "it has heard all_here";
    EXPECT_EQ(survivor_complaints(waits, Outcome::lost, {"completed", "", false, 0}).size(), 3u);
    EXPECT_THAT(survivor_complaints(doubt, Outcome::in_doubt, {"in-doubt", "suspended", true, 0}), IsEmpty());
    EXPECT_EQ(survivor_complaints(doubt, Outcome::in_doubt, {"in-doubt", "running", true, 0}).size(), 1u);
    EXPECT_EQ(survivor_complaints(doubt, Outcome::in_doubt, {"failed", "suspended", false, 0}).size(), 2u);
    EXPECT_THAT(survivor_complaints(late, Outcome::on_target, {"completed", "running", false, 0}), IsEmpty());
    EXPECT_EQ(survivor_complaints(late, Outcome::on_target, {"post-copying", "suspended", false, 0}).size(), 2u);
    EXPECT_THAT(survivor_complaints(waits, Outcome::on_source, {"failed", "running", true, 0}), IsEmpty());
    EXPECT_EQ(survivor_complaints(waits, Outcome::on_source, {"failed", "suspended", false, 0}).size(), 2u);
}

TEST(ToolFaults, KillsAtMomentsThatTheMoveHas) {
    const auto cells = kill_cells(hybrid());
    std::vector<std::string> texts;
    for (const FaultCell& one : cells) {
        texts.push_back(one.text());
        EXPECT_EQ(one.is_certain(), one.nth == 1) << one.text() << ": how many pages go differs from move to move";
    }
    EXPECT_THAT(texts,
                testing::IsSupersetOf({"connecting, handshake 1 of the source: the target is killed",
                                       "connecting, hello 1 of the source: the source is killed",
                                       "pre-copying, page 100 of the source: the target is killed",
                                       "post-copying, page 1 of the source: the source is killed",
                                       "confirming, run 1 of the source: the target is killed",
                                       "confirming, run 1 of the source: the target is killed, and it goes on its way",
                                       "post-copying, running 1 of the target: the source is killed",
                                       "completed, end of the move: the target is killed"}));
    EXPECT_EQ(cells.size(), 2u * (1 + 1 + 2 + 1 + 1 + 1) + 1 + 2);
    for (const RecordType by_chance : {RecordType::all_sent, RecordType::demand, RecordType::page_delta})
        EXPECT_FALSE(cell(End::source, MoveState::post_copying, by_chance, End::target).is_certain());
}

TEST(ToolFaults, WhatStaysTooLongDoesSoOnceInAPhase) {
    std::vector<std::string> texts;
    for (const FaultCell& one : hold_cells(hybrid()))
        texts.push_back(one.text());
    EXPECT_THAT(texts, testing::ElementsAre(
                           "connecting, hello 1 of the source: hold", "pre-copying, page 1 of the source: hold",
                           "confirming, run 1 of the source: hold", "post-copying, page 1 of the source: hold",
                           "post-copying, running 1 of the target: hold"));
}

TEST(ToolFaults, TheReportCounts) {
    FaultReport report;
    report.guest = "small";
    EXPECT_EQ(report.json()["result"], "failed") << "nothing came about";
    report.planned = 2;
    const FaultCell run = cell(End::source, MoveState::confirming, RecordType::run);
    const Happened there{.phase = MoveState::confirming};
    report.note(run, there, Outcome::on_source, Outcome::on_source, "", {});
    EXPECT_EQ(report.json()["result"], "failed") << "one was not tried";
    report.note(run, there, Outcome::on_target, Outcome::on_target, "", {});
    EXPECT_EQ(report.json()["result"], "ok");
    EXPECT_EQ(report.json()["outcomes"]["source"], 1);
    EXPECT_EQ(report.json()["phases"]["confirming"], 2);
    EXPECT_THAT(report.text(), HasSubstr("confirming    run                    1        1         0      0"));
    ++report.planned;
    report.note(run, there, Outcome::on_source, Outcome::lost, "gone", {"and more"});
    EXPECT_THAT(report.complaints(),
                testing::ElementsAre(HasSubstr("the partition is lost, not source (gone)"), HasSubstr("and more")));
}

TEST(ToolFaults, WhatHadToBeSentAndWasNotIsWrongAndOfTheRestATenth) {
    const FaultCell first = cell(End::source, MoveState::copying, RecordType::vcpu);
    FaultCell chance = cell(End::source, MoveState::pre_copying, RecordType::page);
    FaultReport report;
    report.planned = 12;
    for (int i = 0; i < 11; ++i)
        report.note(first, {.phase = MoveState::copying}, Outcome::on_source, Outcome::on_source, "", {});
    report.note_absent(chance);
    EXPECT_THAT(report.complaints(), IsEmpty());
    report.planned += 2;
    report.note_absent(chance);
    EXPECT_THAT(report.complaints(), testing::Contains(HasSubstr("2 of 14 records were not sent")));
    report.note_absent(first);
    EXPECT_THAT(report.wrong, testing::ElementsAre(HasSubstr("vcpu 1 of the source: cut: the record was not sent")));
    FaultCell middle = cell(End::source, MoveState::pre_copying, RecordType::page, End::target);
    middle.nth = 100;
    report.note_absent(middle);
    EXPECT_EQ(report.wrong.size(), 1u) << "this move has perhaps fewer";
}

} // namespace
} // namespace transom::tool
