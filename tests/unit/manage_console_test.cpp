// SPDX-License-Identifier: Apache-2.0
// A partition's terminals over the management service.
#include "manage_fixture.hpp"
#include <transom/partition/terminals.hpp>

namespace transom::manage {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

class ManageConsole : public ManageTest {
  protected:
    ManageConsole() {
        partition::set_terminals(*machine.debian, 2);
        machine.debian->state = partition::PartitionState::running;
    }
    vio::Terminal& terminal(std::size_t n) { return machine.debian->terminals[n]; }
    std::string typed(std::size_t n) {
        std::array<std::uint8_t, 64> bytes{};
        const std::size_t count = terminal(n).input.pop(bytes);
        return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)};
    }
    void write(std::size_t n, std::string_view text) {
        ASSERT_TRUE(terminal(n).write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
        service.run();
        net.pump();
    }
};

TEST_F(ManageConsole, ConnectsWithATerminalUntilItEnds) {
    EXPECT_THAT(ask("console partition=debian terminal=1\nls\n"),
                ElementsAre("ok console=debian terminal=1 scrollback=0"));
    EXPECT_TRUE(terminal(1).session);
    EXPECT_FALSE(terminal(0).session);
    EXPECT_EQ(typed(1), "ls\n") << "what came behind the request is the terminal's";
    write(1, "hello");
    EXPECT_EQ(one.text, "hello");
    ask("status\n");
    EXPECT_EQ(typed(1), "status\n");
    one.stream->close();
    net.pump();
    EXPECT_FALSE(terminal(1).session);
}

TEST_F(ManageConsole, TheFirstTerminalIsTheDefaultAndEachIsForOne) {
    EXPECT_THAT(ask("console partition=debian\n"), ElementsAre("ok console=debian terminal=0 scrollback=0"));
    EXPECT_THAT(ask(two, "console partition=debian terminal=0\n"), ElementsAre(StartsWith("error busy")));
    EXPECT_THAT(ask(two, "console partition=debian terminal=2\n"), ElementsAre(StartsWith("error no-such-terminal")));
    EXPECT_THAT(ask(two, "console partition=other\n"), ElementsAre(StartsWith("error no-such-partition")));
    EXPECT_THAT(ask(two, "console partition=debian terminal=x\n"), ElementsAre(StartsWith("error bad-value")));
    EXPECT_THAT(ask(two, "console\n"), ElementsAre(StartsWith("error missing-key")));
    EXPECT_THAT(ask(two, "console partition=debian rows=9\n"), ElementsAre(StartsWith("error unknown-key")));
    EXPECT_THAT(ask(two, "console partition=debian terminal=1\n"),
                ElementsAre("ok console=debian terminal=1 scrollback=0"));
}

TEST_F(ManageConsole, BeginsWithWhatWasWrittenBefore) {
    std::vector<std::uint8_t> kept(3000);
    terminal(0).scrollback = vio::Scrollback(kept);
    const auto pass_by = [&](const std::string& text) { // nobody is attached: it goes to the machine's console
        ASSERT_TRUE(terminal(0).write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
        std::array<std::uint8_t, 4096> taken{};
        partition::take_written(*machine.debian, 0, taken);
    };
    const auto poll = [&](Operator& who) {
        for (int i = 0; i < 10; ++i) {
            service.run();
            net.pump();
        }
        return std::exchange(who.text, {});
    };
    const std::string many(2000, '.');
    pass_by("lost" + many);
    pass_by("first" + many.substr(5));
    EXPECT_THAT(ask("console partition=debian scrollback=5000\n"),
                ElementsAre("ok console=debian terminal=0 scrollback=3000"));
    write(0, "live"); // while the old is still being sent
    EXPECT_EQ(poll(one), many.substr(0, 1000) + "first" + many.substr(5) + "live");
    one.stream->close();
    net.pump();
    // It is not taken from whoever comes next, who may want less of it.
    EXPECT_THAT(ask(two, "console partition=debian scrollback=6\n"),
                ElementsAre("ok console=debian terminal=0 scrollback=6"));
    EXPECT_EQ(poll(two), "..live");
    two.stream->close();
    net.pump();
    Operator three;
    EXPECT_THAT(ask(three, "console partition=debian scrollback=no\n"),
                ElementsAre("ok console=debian terminal=0 scrollback=0"));
    EXPECT_EQ(poll(three), "");
    Operator four;
    EXPECT_THAT(ask(four, "console partition=debian terminal=1 scrollback=all\n"),
                ElementsAre(StartsWith("error bad-value: \"all\"")));
}

TEST_F(ManageConsole, WhatTheTerminalHasNoRoomForWaits) {
    ask("console partition=debian\n");
    ask(std::string(600, 'x'));
    EXPECT_EQ(terminal(0).input.count, 512u);
    typed(0);
    service.run();
    ask("");
    EXPECT_EQ(terminal(0).input.count, 512u - 64 + 64);
}

TEST_F(ManageConsole, ASuspendedPartitionTakesAndGivesNothing) {
    ask("console partition=debian\n");
    machine.debian->state = partition::PartitionState::suspended;
    write(0, "later");
    ask("typed");
    EXPECT_EQ(one.text, "");
    EXPECT_TRUE(terminal(0).input.empty());
    machine.debian->state = partition::PartitionState::running;
    service.run();
    ask("");
    EXPECT_EQ(one.text, "later");
    EXPECT_EQ(typed(0), "typed");
}

TEST_F(ManageConsole, WhoeverComesFirstToOneThatHasComeBackHasTheTerminal) {
    ask("console partition=debian terminal=1\n");
    EXPECT_EQ(terminal(1).session, 1u);
    terminal(1).session = 0; // it has ended and been started again, before anybody looked
    EXPECT_THAT(ask(two, "console partition=debian terminal=1\n"),
                ElementsAre("ok console=debian terminal=1 scrollback=0"));
    EXPECT_EQ(terminal(1).session, 2u);
    write(1, "hello");
    EXPECT_EQ(two.text, "hello");
    EXPECT_EQ(one.text, "");
    EXPECT_TRUE(one.over) << "the other has it now";
    EXPECT_EQ(terminal(1).session, 2u) << "and keeps it";
    two.stream->close();
    net.pump();
    EXPECT_EQ(terminal(1).session, 0u);
    // Nobody else wants it: who was there is there again.
    Operator three;
    ask(three, "console partition=debian terminal=1\n");
    terminal(1).session = 0;
    write(1, "again");
    EXPECT_EQ(three.text, "again");
    EXPECT_NE(terminal(1).session, 0u);
}

TEST_F(ManageConsole, WhoIsAttachedGetsTheLastWords) {
    const auto say = [&](std::size_t n, std::string_view text) {
        ASSERT_TRUE(terminal(n).write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
    };
    const auto end = [&] {
        machine.debian->state = partition::PartitionState::off;
        service.take_last(*machine.debian);
        const auto gone = std::move(machine.debian);
        for (int i = 0; i < 10; ++i) {
            service.run();
            ask("");
        }
        return gone->terminals[0].output.count + gone->terminals[1].output.count;
    };
    const std::string words(4000, '.');
    ask("console partition=debian\n");
    ask(two, "console partition=debian terminal=1\n");
    say(0, words + "the end");
    say(1, "of the other, too");
    const auto other = std::make_unique<partition::Partition>();
    service.take_last(*other);
    EXPECT_EQ(terminal(1).output.count, 17u) << "it is not its";
    EXPECT_EQ(end(), 0u);
    EXPECT_EQ(one.text, words + "the end");
    EXPECT_EQ(two.text, "of the other, too");
    EXPECT_TRUE(one.over && two.over);
}

TEST_F(ManageConsole, WhatThereIsNoRoomForIsLeftForTheMachinesConsole) {
    net.window = 1000;
    ask("console partition=debian\n");
    const std::string words(4000, '.');
    ASSERT_TRUE(terminal(0).write({reinterpret_cast<const std::uint8_t*>(words.data()), words.size()}));
    service.take_last(*machine.debian);
    const std::size_t left = terminal(0).output.count;
    EXPECT_GT(left, 2000u);
    EXPECT_LT(left, 3000u);
    machine.debian = nullptr;
    for (int i = 0; i < 10; ++i) {
        ask("");
        service.run();
    }
    EXPECT_EQ(one.text.size(), words.size() - left) << "and nothing is lost of what it has taken";
    EXPECT_TRUE(one.over);
}

TEST_F(ManageConsole, EndsWithThePartition) {
    ask("console partition=debian\n");
    machine.debian = nullptr;
    service.run();
    net.pump();
    EXPECT_TRUE(one.over);
}

} // namespace
} // namespace transom::manage
