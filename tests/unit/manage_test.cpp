// SPDX-License-Identifier: Apache-2.0
#include "manage_fixture.hpp"

namespace transom::manage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(ManageTest, SaysHello) {
    EXPECT_THAT(ask("hello\n"),
                ElementsAre("ok transom=0.1.0 protocol=1 machine=powernv9 cpu=POWER9 timebase=512000000"));
}

TEST_F(ManageTest, ListsPartitions) {
    EXPECT_THAT(ask("status\r\n"),
                ElementsAre("+ partition=debian state=running memory=16777216 vcpus=1 granule=65536 page-table=262144 "
                            "run-ticks=77 from=boot entitled=5 weight=128 capped=no processors=shared",
                            "ok partitions=1 free=3145728 scrubbing=65536 capacity=200 unallocated=195"));
}

TEST_F(ManageTest, StartsAMove) {
    EXPECT_THAT(ask("migrate partition=debian to=10.77.0.2\n"), ElementsAre("ok migration=started"));
    ASSERT_TRUE(machine.order);
    EXPECT_EQ(machine.ordered_partition, "debian");
    EXPECT_EQ(machine.order->to.value, 0x0a4d0002u);
    EXPECT_EQ(machine.order->port, 7701);
    EXPECT_FALSE(machine.order->options.corrupt_page);
    EXPECT_EQ(machine.order->options.fit, migrate::Fit::same_version);
    EXPECT_THAT(ask("migrate to=10.0.0.255 port=9 test-corrupt-page=77 partition=\"debian\"\n"),
                ElementsAre("ok migration=started"));
    EXPECT_EQ(machine.order->to.value, 0x0a0000ffu);
    EXPECT_EQ(machine.order->port, 9);
    EXPECT_EQ(machine.order->options.corrupt_page, 77u);
    EXPECT_THAT(ask("migrate partition=debian to=10.77.0.2 compat=yes\n"), ElementsAre("ok migration=started"));
    EXPECT_EQ(machine.order->options.fit, migrate::Fit::same_generation);
    EXPECT_THAT(ask("migrate partition=debian to=10.77.0.2 compat=no\n"), ElementsAre("ok migration=started"));
    EXPECT_EQ(machine.order->options.fit, migrate::Fit::same_version);
    EXPECT_EQ(machine.order->options.order, migrate::OrderPolicy::by_state);
    EXPECT_THAT(ask("migrate partition=debian to=10.77.0.2 mode=pre-copy order=address\n"),
                ElementsAre("ok migration=started"));
    EXPECT_EQ(machine.order->options.order, migrate::OrderPolicy::by_address);
    EXPECT_THAT(ask("migrate partition=debian to=10.77.0.2 order=state\n"), ElementsAre("ok migration=started"));
    EXPECT_EQ(machine.order->options.order, migrate::OrderPolicy::by_state);
    EXPECT_EQ(machine.order->options.connections, 4u);
    EXPECT_THAT(ask("migrate partition=debian to=10.77.0.2 connections=8\n"), ElementsAre("ok migration=started"));
    EXPECT_EQ(machine.order->options.connections, 8u);
    EXPECT_FALSE(machine.order->options.check_only);
    EXPECT_EQ(machine.order->options.downtime_ms, 300u);
    EXPECT_EQ(machine.order->options.bandwidth, 0u);
    EXPECT_THAT(ask("migrate partition=debian to=10.77.0.2 check=yes downtime-ms=20 bandwidth=5000000\n"),
                ElementsAre("ok migration=started"));
    EXPECT_TRUE(machine.order->options.check_only);
    EXPECT_EQ(machine.order->options.downtime_ms, 20u);
    EXPECT_EQ(machine.order->options.bandwidth, 5'000'000u);
    machine.refusal = migrate::failure(migrate::MoveError::no_such_partition, "there is no partition {}", "x");
    EXPECT_THAT(ask("migrate partition=x to=10.77.0.2\n"),
                ElementsAre("error no-such-partition: there is no partition x"));
}

TEST_F(ManageTest, RefusesWhatItDoesNotUnderstandByName) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"dance\n", "error unknown-verb: \"dance\": "},
        {"hello now=1\n", "error unknown-key: \"now\": "},
        {"migrate partition=debian\n", "error missing-key: \"to\": "},
        {"migrate to=10.77.0.2\n", "error missing-key: \"partition\": "},
        {"migrate partition=debian to=10.77.0.2 speed=9\n", "error unknown-key: \"speed\": "},
        {"migrate partition=debian to=10.77.0.2 check=1\n", "error bad-value: \"1\": check is yes"},
        {"migrate partition=debian to=10.77.0.2 downtime-ms=5001\n", "error bad-value: \"5001\": downtime-ms is"},
        {"migrate partition=debian to=10.77.0.2 bandwidth=999999\n", "error bad-value: \"999999\": bandwidth is"},
        {"migrate partition=debian to=10.77.0.2 connections=0\n", "error bad-value: \"0\": connections is"},
        {"migrate partition=debian to=10.77.0.2 connections=9\n", "error bad-value: \"9\": connections is"},
        {"migrate partition=debian to=10.77.0\n", "error bad-value: \"10.77.0\": "},
        {"migrate partition=debian to=10.77.0.256\n", "error bad-value: \"10.77.0.256\": "},
        {"migrate partition=debian to=10.77.0.2.\n", "error bad-value: "},
        {"migrate partition=debian to=10.77..2\n", "error bad-value: "},
        {"migrate partition=debian to=10.77.0.2 port=0\n", "error bad-value: \"0\": "},
        {"migrate partition=debian to=10.77.0.2 port=65536\n", "error bad-value: \"65536\": "},
        {"migrate partition=debian to=10.77.0.2 test-corrupt-page=-1\n", "error bad-value: \"-1\": "},
        {"migrate partition=debian to=10.77.0.2 compat=maybe\n", "error bad-value: \"maybe\": "},
        {"migrate partition=debian to=10.77.0.2 order=random\n", "error bad-value: \"random\": "},
        {"migrate partition=debian partition=x to=10.77.0.2\n", "error syntax: \"partition=x to=10.77.0.2\": "},
        {"migrate partition\n", "error syntax: \"partition\": "},
        {"migrate =x\n", "error syntax: \"=x\": "},
        {"migrate partition=\"debian\n", "error syntax: \"partition=?debian\": "},
        {"digest\n", "error missing-key: \"partition\": "},
        {"digest partition=other\n", "error no-digests: \"other\": "},
        {"cancel\n", "error nothing-to-cancel: "},
        {"a=1 b=1\n", "error unknown-verb: \"a=1\": "},
        {"x a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 k=1 l=1 m=1\n", "error unknown-key: \"m\": "},
        {std::string("\x01\xff\n"), "error unknown-verb: \"??\": "},
        {std::string(600, 'x') + "\n", "error line-too-long: "},
    };
    for (const auto& [request, answer] : cases) {
        const auto lines = ask(request);
        ASSERT_EQ(lines.size(), 1u) << request;
        EXPECT_THAT(lines[0], StartsWith(answer)) << request;
    }
    EXPECT_FALSE(machine.order);
    EXPECT_THAT(ask("\n  \nhello\n"), ElementsAre(StartsWith("ok transom"))); // and goes on
}

TEST_F(ManageTest, ALineOf511BytesIsTakenAndOneMoreIsNot) {
    const std::string most = "hello" + std::string(506, ' ');
    EXPECT_THAT(ask(most + "\n"), ElementsAre(StartsWith("ok ")));
    EXPECT_THAT(ask(most + " \n"), ElementsAre(StartsWith("error line-too-long")));
}

TEST_F(ManageTest, TellsAboutTheMove) {
    EXPECT_THAT(ask("migration\n"), ElementsAre("ok state=none"));
    migrate::Progress& p = machine.progress;
    p.role = migrate::Role::source;
    p.state = migrate::MoveState::completed;
    std::string_view("debian").copy(p.partition_storage.data(), 31);
    p.peer = {0x0a4d0002};
    p.pages_total = 256;
    p.pages = 6;
    p.zero_pages = 250;
    p.table_entries = 9;
    p.sections_total = 8;
    p.sections = 12;
    p.sections_resent = 4;
    p.sections_in_stop = 1;
    p.bytes = 12345;
    p.began_at = 1000;
    p.stopped_at = 1500;
    p.started_at = 2500;
    p.clock_error = 7;
    EXPECT_THAT(
        ask("migration\n"),
        ElementsAre("ok state=completed role=source partition=debian peer=10.77.0.2 pages_done=256 pages_total=256 "
                    "pages_sent=6 "
                    "zero_pages=250 table_entries=9 bytes=12345 stopped_ticks=500 started_ticks=1500 "
                    "sections_total=8 sections_sent=12 sections_resent=4 sections_in_stop=1 "
                    "downtime_ticks=1000 clock_error_ticks=7"));
    p.started_at = 0;
    p.state = migrate::MoveState::refused;
    p.failure = migrate::failure(migrate::MoveError::granule, "granule differs");
    EXPECT_THAT(ask("migration\n"),
                ElementsAre(testing::AllOf(HasSubstr(" error_name=granule error=\"granule differs\""),
                                           testing::Not(HasSubstr("downtime")))));
    machine.cancellable = true;
    EXPECT_THAT(ask("cancel\n"), ElementsAre("ok"));
}

// Of the pass that is under way, and of the last one that was measured.
TEST_F(ManageTest, R65_TellsWhatPassesAreLike) {
    migrate::Progress& p = machine.progress;
    p.role = migrate::Role::source;
    p.state = migrate::MoveState::pre_copying;
    p.pass = 3;
    p.pages_left = 77;
    p.predicted_stop = 4500;
    ASSERT_TRUE(p.passes.push_back({.bandwidth = 1, .dirty_rate = 1}));
    ASSERT_TRUE(p.passes.push_back({.bandwidth = 3400, .dirty_rate = 1200}));
    p.slowed = 20;
    p.pages_resent = 5;
    EXPECT_THAT(ask("migration\n"),
                ElementsAre(testing::AllOf(HasSubstr(" pass=3 pages_left=77 dirty_rate=1200 bandwidth=3400"),
                                           HasSubstr(" predicted_stop_ticks=4500"), HasSubstr(" slowed=20"),
                                           HasSubstr(" pages_resent=5"), testing::Not(HasSubstr(" eta_ms")))));
    p.estimate = {3200, 40, 136};
    EXPECT_THAT(ask("migration\n"),
                ElementsAre(HasSubstr(" eta_ms=3200 predicted_downtime_ms=40 predicted_pages=136")));
    p.state = migrate::MoveState::post_copying;
    p.pages_demanded = 4;
    p.wait_99 = 11;
    p.longest_wait = 12;
    EXPECT_THAT(ask("migration\n"),
                ElementsAre(testing::AllOf(HasSubstr(" pages_left=77"), testing::Not(HasSubstr(" pass=")),
                                           HasSubstr(" wait_99_ticks=11 longest_wait_ticks=12"),
                                           HasSubstr(" eta_ms=3200"), testing::Not(HasSubstr("predicted_downtime")))));
    p.state = migrate::MoveState::completed;
    EXPECT_THAT(ask("migration\n"), ElementsAre(testing::Not(HasSubstr(" eta_ms"))));
}

TEST_F(ManageTest, R65_EachPassHasALine) {
    EXPECT_THAT(ask("passes\n"), ElementsAre("ok passes=0"));
    migrate::Progress& p = machine.progress;
    ASSERT_TRUE(p.passes.push_back({.pass = 1}));
    ASSERT_TRUE(p.passes.push_back({.pass = 2,
                                    .time = 1000,
                                    .sent = 50,
                                    .zero = 4,
                                    .resent = 30,
                                    .left = 9,
                                    .hot = 3,
                                    .costs = {.evicted = 40, .tlbies = 70, .ticks = 900},
                                    .bandwidth = 500,
                                    .dirty_rate = 60,
                                    .predicted_left = 8,
                                    .predicted_stop = 77}));
    EXPECT_THAT(
        ask("passes\n"),
        ElementsAre(StartsWith("+ pass=1 ticks=0 "),
                    "+ pass=2 ticks=1000 pages_sent=50 zero_pages=4 pages_resent=30 pages_left=9 hot=3 evicted=40 "
                    "sweep_ticks=900 tlbies=70 dirty_rate=60 bandwidth=500 predicted_left=8 predicted_stop_ticks=77",
                    "ok passes=2"));
}

TEST_F(ManageTest, J7_TakesTheOperatorsWordOnlyWithTheAssertionThatThePeerIsDead) {
    EXPECT_THAT(ask("recover partition=debian owner=here force=peer-dead\nrecover force=peer-dead owner=peer "
                    "partition=other\n"),
                ElementsAre("ok owner=here", "ok owner=peer"));
    EXPECT_THAT(machine.forced, ElementsAre(std::pair(std::string("debian"), migrate::Owner::here),
                                            std::pair(std::string("other"), migrate::Owner::peer)));
    for (const char* owner : {"here", "peer"})
        EXPECT_THAT(ask(fmt::format("recover partition=debian owner={}\n", owner)),
                    ElementsAre(StartsWith("error missing-key: \"force\"")));
    EXPECT_THAT(ask("recover partition=debian force=peer-dead\n"),
                ElementsAre(StartsWith("error missing-key: \"owner\"")));
    EXPECT_THAT(ask("recover owner=here force=peer-dead\n"),
                ElementsAre(StartsWith("error missing-key: \"partition\"")));
    EXPECT_THAT(ask("recover partition=debian owner=me force=peer-dead\n"),
                ElementsAre(StartsWith("error bad-value: \"me\"")));
    EXPECT_THAT(ask("recover partition=debian owner=here force=yes\n"),
                ElementsAre(StartsWith("error bad-value: \"yes\"")));
    EXPECT_THAT(ask("recover partition=debian now=1\n"), ElementsAre(StartsWith("error unknown-key: \"now\"")));
    EXPECT_THAT(machine.asked_about, testing::IsEmpty());
    machine.refusal = migrate::failure(migrate::MoveError::not_in_doubt, "debian is not in doubt");
    EXPECT_THAT(ask("recover partition=debian\n"), ElementsAre("error not-in-doubt: debian is not in doubt"));
    EXPECT_EQ(machine.forced.size(), 2u);
}

TEST_F(ManageTest, RecoverAnswersWhenTheTargetHas) {
    using enum migrate::Recovery::Outcome;
    EXPECT_THAT(ask("recover partition=debian\n"), ElementsAre());
    service.run();
    EXPECT_THAT(ask(""), ElementsAre()) << "it is being asked";
    EXPECT_THAT(machine.asked_about, ElementsAre("debian"));
    EXPECT_EQ(machine.waiting, 1) << "the machine does not end meanwhile";
    machine.recovered.outcome = here;
    service.run();
    EXPECT_THAT(ask(""), ElementsAre("ok owner=here"));
    EXPECT_EQ(machine.waiting, 0);
    machine.recovered.outcome = there;
    EXPECT_THAT(ask("recover partition=debian\n"), ElementsAre("ok owner=peer"));
    machine.recovered = {.outcome = in_doubt,
                         .heard = migrate::failure(migrate::MoveError::time_limit, "it does not answer")};
    EXPECT_THAT(ask("recover partition=debian\n"),
                ElementsAre(testing::AllOf(StartsWith("error in-doubt: debian is in doubt still"),
                                           HasSubstr("(it does not answer)"),
                                           HasSubstr("recover partition=debian owner=here force=peer-dead"))));
    machine.recovered.ran_there = true;
    EXPECT_THAT(ask("recover partition=debian\n"),
                ElementsAre(testing::AllOf(StartsWith("error in-doubt: debian has run at the other machine"),
                                           HasSubstr("owner=peer force=peer-dead"))));
    machine.recovered.outcome = asking;
    EXPECT_THAT(ask("recover partition=debian\n"), ElementsAre());
    one.stream->abort();
    net.pump();
    EXPECT_EQ(machine.waiting, 0) << "nobody is there any more when it is";
}

// A partition that is the peer's is here until its memory has been read once more.
TEST_F(ManageTest, J7_TheOperatorsWordIsAnsweredWhenItIsGone) {
    machine.reads_what_it_frees = true;
    EXPECT_THAT(ask("recover partition=debian owner=peer force=peer-dead\n"), ElementsAre());
    EXPECT_EQ(machine.waiting, 1);
    machine.recovered.outcome = migrate::Recovery::Outcome::there;
    EXPECT_THAT(ask(""), ElementsAre("ok owner=peer"));
    EXPECT_EQ(machine.waiting, 0);
}

TEST_F(ManageTest, SendsDigestsThroughANarrowConnection) {
    net.window = 100;
    for (std::uint64_t i = 0; i < 130; ++i)
        machine.hashes.push_back(i * 0x0123456789abcdef);
    const auto lines = ask("digest partition=debian\nhello\n");
    ASSERT_EQ(lines.size(), 5u);
    EXPECT_THAT(lines[0], StartsWith("+ first=0 hashes=0000000000000000,0123456789abcdef,02468acf13579bde,"));
    EXPECT_EQ(lines[1].size(), std::string("+ first=64 hashes=").size() + 64 * 17 - 1);
    EXPECT_THAT(lines[2], testing::MatchesRegex("\\+ first=128 hashes=[0-9a-f]{16},[0-9a-f]{16}"));
    EXPECT_EQ(lines[3], "ok pages=130 granule=65536 algorithm=xxh64");
    EXPECT_THAT(lines[4], StartsWith("ok transom"));
}

TEST_F(ManageTest, StopsSendingDigestsWhenTheNextMoveTakesTheirPlace) {
    machine.hashes.assign(130, 1);
    machine.digests_for = 2;
    const auto lines = ask("digest partition=debian\n");
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_THAT(lines[0], StartsWith("+ first=0 "));
    EXPECT_THAT(lines[1], StartsWith("error no-digests: \"debian\": "));
}

TEST_F(ManageTest, ReportsCountersAndShutsDownAfterTheAnswer) {
    EXPECT_THAT(ask("report\n"), ElementsAre("+ boot_ticks=12", "+ hcall.H_ENTER=34", "ok"));
    EXPECT_FALSE(machine.ended);
    EXPECT_THAT(ask("shutdown\n"), ElementsAre("ok"));
    EXPECT_TRUE(machine.ended);
}

TEST_F(ManageTest, ServesSeveralConnectionsAndTurnsTheNinthAway) {
    EXPECT_THAT(ask(one, "hel"), ElementsAre());
    EXPECT_THAT(ask(two, "hello\n"), ElementsAre(StartsWith("ok ")));
    EXPECT_THAT(ask(one, "lo\n"), ElementsAre(StartsWith("ok ")));
    std::array<Operator, 7> more;
    for (Operator& another : more)
        connect(another);
    EXPECT_FALSE(more[5].over);
    net.pump();
    EXPECT_TRUE(more[6].over);
    EXPECT_THAT(more[6].lines(), ElementsAre(StartsWith("error busy: ")));
    one.stream->close();
    net.pump();
    Operator late;
    EXPECT_THAT(ask(late, "hello\n"), ElementsAre(StartsWith("ok ")));
}

} // namespace
} // namespace transom::manage
