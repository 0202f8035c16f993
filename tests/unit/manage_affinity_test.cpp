// SPDX-License-Identifier: Apache-2.0
// What the management service says about where partitions lie, and its orders to move them.
#include "manage_fixture.hpp"
#include "two_nodes.hpp"

namespace transom::manage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class ManageAffinity : public ManageTest {
  protected:
    ManageAffinity() : ManageTest(test::TwoNodes::size) {
        machine.nodes = &two.reallocator;
        machine.among_nodes = &two.build("linux", 1, 0);
    }
    test::TwoNodes two;
};

TEST_F(ManageAffinity, SaysWhatTheNodesAreAndWhereEachPartitionLies) {
    EXPECT_THAT(ask("affinity\n"),
                ElementsAre(StartsWith("+ node=0 memory="),
                            testing::AllOf(StartsWith("+ node=1 memory="), HasSubstr("processing=100 distances=20,10")),
                            "+ partition=linux claimed=0.000 composite=44.099 memory=0,16777216 processing=5,0 "
                            "page-table=1 protected=no",
                            "ok nodes=2 partitions=1 system=44.099"));
    EXPECT_THAT(ask("affinity partition=linux\n"), ElementsAre(StartsWith("error unknown-key")));
}

TEST_F(ManageAffinity, ReallocatesAndTellsWhatCameOfIt) {
    EXPECT_THAT(ask("reallocation\n"), ElementsAre("ok state=none"));
    EXPECT_THAT(ask("reallocate partition=linux if-worth=yes\nreallocation\nreallocate\n"),
                ElementsAre("ok reallocation=started", StartsWith("ok state=planning partition=linux "),
                            StartsWith("error busy: ")));
    two.go_on();
    EXPECT_THAT(ask("reallocation\n"),
                ElementsAre(testing::AllOf(StartsWith("ok state=done partition=linux "),
                                           HasSubstr("before=44.099 predicted=100.000 after=100.000"))));
    EXPECT_THAT(ask("affinity\n"), testing::Contains("ok nodes=2 partitions=1 system=100.000"));
    ask("reallocate\n");
    two.go_on();
    EXPECT_THAT(ask("reallocation\n"),
                ElementsAre(testing::AllOf(StartsWith("ok state=refused "),
                                           HasSubstr("refusal=\"it would gain too little for what it costs\""))));
}

TEST_F(ManageAffinity, SaysWhatAPlanWouldComeTo) {
    ask("reallocate only-plan=yes\n");
    two.go_on();
    EXPECT_THAT(ask("reallocation\n"), ElementsAre(testing::AllOf(StartsWith("ok state=planned steps="),
                                                                  HasSubstr("before=44.099 predicted=100.000"))));
    EXPECT_THAT(ask("affinity\n"), testing::Contains("ok nodes=2 partitions=1 system=44.099"));
}

TEST_F(ManageAffinity, SaysTheStepsOfThePlan) {
    EXPECT_THAT(ask("reallocation steps=yes\n"), ElementsAre("ok state=none"));
    ask("reallocate only-plan=yes partition=linux\n");
    two.go_on();
    const auto said = ask("reallocation steps=yes\n");
    ASSERT_GE(said.size(), 2u);
    EXPECT_THAT(said.front(), testing::AllOf(StartsWith("+ step=1 partition=linux what="), HasSubstr(" from="),
                                             HasSubstr(" copies="), HasSubstr(" gain=")));
    EXPECT_THAT(said.back(), HasSubstr(fmt::format("ok state=planned partition=linux steps={} ", said.size() - 1)));
}

TEST_F(ManageAffinity, OperatorsSayWhomItIsForWhoStaysAndWhatIsWorthIt) {
    const std::vector<std::pair<std::string, std::string>> asked = {
        {"reallocate if-worth=yes affinity-threshold=40\n", "refusal=\"its score is above the threshold\""},
        {"reallocate if-worth=yes affinity-threshold=45 affinity-delta=60\n", "refusal=\"it would gain too little"},
        {"reallocate protect=linux\n", "refusal=\"it would gain too little"},
        {"reallocate partition=linux affinity-delta=55 cooldown=5 bandwidth=1000000\n",
         "ok state=done partition=linux"},
        {"reallocate partition=linux cooldown=1000000000\n", "refusal=\"the partition was moved a short while ago\""},
    };
    for (const auto& [request, outcome] : asked) {
        ASSERT_THAT(ask(request), ElementsAre("ok reallocation=started")) << request;
        two.go_on();
        EXPECT_THAT(ask("reallocation\n"), ElementsAre(HasSubstr(outcome))) << request;
    }
}

TEST_F(ManageAffinity, SendsToANodeAndStops) {
    EXPECT_THAT(ask("stop-reallocation\n"), ElementsAre(StartsWith("error nothing-to-stop: ")));
    EXPECT_THAT(ask("reallocate partition=linux to-node=0\nstop-reallocation\n"),
                ElementsAre("ok reallocation=started", "ok"));
    two.go_on();
    EXPECT_THAT(ask("reallocation\n"), ElementsAre(StartsWith("ok state=stopped ")));
    ask("reallocate partition=linux,linux to-node=0\n"); // named twice, it is one
    two.go_on();
    EXPECT_THAT(ask("affinity\n"), testing::Contains(HasSubstr("memory=16777216,0 processing=5,0 page-table=0")));
}

TEST_F(ManageAffinity, RefusesWhatItCannotDo) {
    const std::vector<std::pair<std::string, std::string>> asked = {
        {"reallocate partition=nobody\n", "error no-such-partition: \"nobody\""},
        {"reallocate partition=linux to-node=7\n", "error no-such-node: \"7\""},
        {"reallocate partition=linux to-node=x\n", "error bad-value: \"x\""},
        {"reallocate to-node=1\n", "error missing-key: \"partition\""},
        {"reallocate if-worth=perhaps\n", "error bad-value: \"perhaps\""},
        {"reallocate memory=1\n", "error unknown-key: \"memory\""},
        {"reallocate only-plan=perhaps\n", "error bad-value: \"perhaps\""},
        {"reallocate partition=linux to-node=1 only-plan=yes\n", "error bad-value: \"1\""},
        {"reallocate partition=linux,nobody\n", "error no-such-partition: \"nobody\""},
        {"reallocate partition=linux,\n", "error no-such-partition: \"\""},
        {"reallocate protect=nobody\n", "error no-such-partition: \"nobody\""},
        {"reallocate protect=linux partition=linux\n", "error protected: \"linux\""},
        {"reallocate affinity-threshold=101\n", "error bad-value: \"101\""},
        {"reallocate affinity-delta=-1\n", "error bad-value: \"-1\""},
        {"reallocate cooldown=soon\n", "error bad-value: \"soon\""},
        {"reallocate cooldown=5 if-worth=no\n", "error bad-value: \"no\""},
        {"reallocate bandwidth=999999\n", "error bad-value: \"999999\""},
        {"reallocate partition=linux to-node=1 cooldown=1\n", "error bad-value: \"1\""},
        {"reallocate partition=linux to-node=1 protect=linux\n", "error bad-value: \"1\""},
        {"reallocation steps=some\n", "error bad-value: \"some\""},
        {"stop-reallocation steps=yes\n", "error unknown-key: \"steps\""},
    };
    for (const auto& [request, answer] : asked)
        EXPECT_THAT(ask(request), ElementsAre(StartsWith(answer))) << request;
    machine.among_nodes->keeps_place = true;
    EXPECT_THAT(ask("affinity\n"), testing::Contains(HasSubstr("protected=yes")));
    EXPECT_THAT(ask("reallocate partition=linux\n"), ElementsAre(StartsWith("error protected: \"linux\"")));
    machine.among_nodes->keeps_place = false;
    machine.among_nodes->state = partition::PartitionState::suspended;
    EXPECT_THAT(ask("reallocate partition=linux\n"), ElementsAre(StartsWith("error stays: \"linux\"")));
}

TEST_F(ManageTest, WhereNothingCanBeMovedThereIsNoSuchVerb) {
    for (const std::string verb : {"affinity", "reallocate", "reallocation", "stop-reallocation"})
        EXPECT_THAT(ask(verb + "\n"), ElementsAre(StartsWith("error unknown-verb: ")));
}

} // namespace
} // namespace transom::manage
