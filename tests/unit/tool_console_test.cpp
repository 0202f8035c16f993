// SPDX-License-Identifier: Apache-2.0
#include "attach.hpp"
#include "child_process.hpp"
#include "console.hpp"
#include "console_filter.hpp"
#include "escape_filter.hpp"
#include "log_check.hpp"
#include "progress.hpp"

#include <cerrno>
#include <gmock/gmock.h>
#include <unistd.h>

namespace transom::tool {
namespace {

using namespace std::chrono_literals;

TEST(ToolConsoleFilter, TakesLogLinesOutOfThePartitionsText) {
    ConsoleFilter filter;
    const Clock::time_point t1{1s}, t2{2s};
    filter.feed(t1, "transom: booting\r\ntick 1 2transom: moved 3\n");
    filter.feed(t2, "3 4\r\ntransom# ls\r\n");
    EXPECT_EQ(filter.terminal(), "tick 1 23 4\ntransom# ls\n");
    ASSERT_EQ(filter.log().size(), 2u);
    EXPECT_EQ(filter.log()[0].text, "booting");
    EXPECT_EQ(filter.log()[1].text, "moved 3");
    EXPECT_EQ(filter.arrival(0), t1);
    EXPECT_EQ(filter.arrival(8), t2);
}

TEST(ToolConsoleFilter, DoesNotCareWhereReadsEnd) {
    const std::string text = "a\ntransom: one\nttransom: two\nb transom# transo\n";
    ConsoleFilter whole, bytewise;
    whole.feed({}, text);
    for (const char& byte : text)
        bytewise.feed({}, {&byte, 1});
    EXPECT_EQ(whole.terminal(), "a\ntb transom# transo\n");
    EXPECT_EQ(whole.terminal(), bytewise.terminal());
    EXPECT_EQ(whole.log().size(), 2u);
    EXPECT_EQ(bytewise.log().size(), 2u);
}

TEST(ToolConsoleFilter, LeavesTheFirmwaresLogOut) {
    const auto terminal = [](std::string_view text) {
        ConsoleFilter whole, bytewise;
        whole.feed({}, text);
        for (const char& byte : text)
            bytewise.feed({}, {&byte, 1});
        EXPECT_EQ(whole.terminal(), bytewise.terminal());
        EXPECT_EQ(whole.log().size(), bytewise.log().size());
        return whole.terminal();
    };
    EXPECT_EQ(terminal("goes_o[    4.008865238,4] SBE: Lagging timer fired.\nn=yes\nok"), "goes_on=yes\nok");
    EXPECT_EQ(terminal("[    4.008865238,4] a\n[  124.008865238,5] b\r\n"), "");
    EXPECT_EQ(terminal("x[    4.008865238,4] cut"), "x");
    EXPECT_EQ(terminal("transom: mo[    4.008865238,4] SBE\nved\nx"), "x");
    EXPECT_EQ(terminal("[[    4.008865238,4] SBE\nx"), "[x");
    for (const char* other : {"", "a[0] = 1.5\n", "[    0.000000] Linux\n", "[    4.008865238] x\n", "[    .0\n",
                              "[123456789012.0\n", "[    4.00886523x\n", "[4.008865238,x\n", "[4.008865238,4]x"})
        EXPECT_EQ(terminal(other), other);
}

TEST(ToolLogCheck, TellsARunFromAFailure) {
    const auto problem = [](std::initializer_list<const char*> lines, bool expects_partitions) {
        std::vector<TimedLine> log;
        for (const char* line : lines)
            log.push_back({{}, line});
        return problem_in_log(log, expects_partitions);
    };
    EXPECT_EQ(problem({"hello", "partition a: first instruction", "partition a: it powered off"}, true), "");
    EXPECT_EQ(problem({"hello"}, false), "");
    EXPECT_EQ(problem({"partition a: it asks for 9 MiB", "no partition is left"}, true),
              "no partition could be started: partition a: it asks for 9 MiB");
    EXPECT_EQ(problem({"partition a: first instruction", "panic: broken at x.cpp:1", "nip 0"}, true),
              "the hypervisor panicked: panic: broken at x.cpp:1");
}

TEST(ToolEscapeFilter, QuitsOnCtrlAXOnly) {
    EscapeFilter filter('x');
    std::string out;
    EXPECT_FALSE(filter.feed("ax\x01", out));
    EXPECT_FALSE(filter.feed("\x01x", out));
    EXPECT_EQ(out, "ax\x01x");
    EXPECT_FALSE(filter.feed("\x01y\x03", out));
    EXPECT_EQ(out, "ax\x01x\x01y\x03");
    EXPECT_TRUE(filter.feed("\x01x", out));
}

TEST(ToolConsole, FindsTextOfAProcessAndItsEnd) {
    ChildProcess child({"sh", "-c", "echo transom: hello; read line; echo got $line; exit 3"},
                       ChildProcess::Streams::piped);
    Console console(child.output_fd(), child.input_fd());
    EXPECT_TRUE(console.wait_for_log("hello", Clock::now() + 10s));
    console.send("words\n");
    const auto found = console.wait_for("got words", 0, Clock::now() + 10s);
    ASSERT_TRUE(found);
    EXPECT_EQ(console.terminal_from(0).substr(0, *found), "got words");
    EXPECT_FALSE(console.wait_for("more", *found, Clock::now() + 10s));
    EXPECT_TRUE(console.closed());
    EXPECT_EQ(child.wait(10s), 3);
    EXPECT_EQ(console.tail(1), "got words\n");
}

/// A machine whose line has something of ours to send still when it is asked for the first time; then somebody types.
struct SlowLine final : ConsoleLine {
    SlowLine() {
        if (pipe(output.data()) != 0 || pipe(keyboard.data()) != 0)
            throw std::runtime_error("no pipe");
        dup2(keyboard[0], STDIN_FILENO);
    }
    ~SlowLine() override {
        dup2(stdin_before, STDIN_FILENO);
        for (const int fd : {stdin_before, output[0], output[1], keyboard[0], keyboard[1]})
            close(fd);
    }
    int from() const override { return output[0]; }
    int to() const override { return output[1]; }
    ssize_t read(std::span<char> block) override { return ::read(output[0], block.data(), block.size()); }
    ssize_t write(std::string_view bytes) override {
        errno = ECONNRESET; // of something else
        if (!bytes.empty()) {
            typed += bytes;
            close(std::exchange(output[1], -1)); // which ends it
        } else {
            EXPECT_EQ(::write(keyboard[1], "abc", 3), 3);
            waits = false;
        }
        return static_cast<ssize_t>(bytes.size());
    }
    bool wants_to_write() const override { return waits; }

    int stdin_before = dup(STDIN_FILENO);
    std::array<int, 2> output{}, keyboard{};
    std::string typed;
    bool waits = true;
};

TEST(ToolAttach, NothingToWriteIsNoError) {
    SlowLine line;
    ConsoleFilter log;
    EXPECT_EQ(attach(line, 'd', Clock::now() + std::chrono::seconds(3), log), AttachEnd::machine_ended);
    EXPECT_EQ(line.typed, "abc");
}

TEST(ToolProgress, DrawsABarOfItsWidth) {
    EXPECT_EQ(progress_bar(0, 4), "[....]   0 %");
    EXPECT_EQ(progress_bar(0.5, 4), "[##..]  50 %");
    EXPECT_EQ(progress_bar(7, 4), "[####] 100 %");
}

} // namespace
} // namespace transom::tool
