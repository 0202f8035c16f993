// SPDX-License-Identifier: Apache-2.0
// A partition's terminals over the management service.
#include "manage_fixture.hpp"

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
    EXPECT_THAT(ask("console partition=debian terminal=1\nls\n"), ElementsAre("ok console=debian terminal=1"));
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
    EXPECT_THAT(ask("console partition=debian\n"), ElementsAre("ok console=debian terminal=0"));
    EXPECT_THAT(ask(two, "console partition=debian terminal=0\n"), ElementsAre(StartsWith("error busy")));
    EXPECT_THAT(ask(two, "console partition=debian terminal=2\n"), ElementsAre(StartsWith("error no-such-terminal")));
    EXPECT_THAT(ask(two, "console partition=other\n"), ElementsAre(StartsWith("error no-such-partition")));
    EXPECT_THAT(ask(two, "console partition=debian terminal=x\n"), ElementsAre(StartsWith("error bad-value")));
    EXPECT_THAT(ask(two, "console\n"), ElementsAre(StartsWith("error missing-key")));
    EXPECT_THAT(ask(two, "console partition=debian rows=9\n"), ElementsAre(StartsWith("error unknown-key")));
    EXPECT_THAT(ask(two, "console partition=debian terminal=1\n"), ElementsAre("ok console=debian terminal=1"));
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

TEST_F(ManageConsole, EndsWithThePartition) {
    ask("console partition=debian\n");
    machine.debian = nullptr;
    service.run();
    net.pump();
    EXPECT_TRUE(one.over);
}

} // namespace
} // namespace transom::manage
