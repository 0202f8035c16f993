// SPDX-License-Identifier: Apache-2.0
#include "child_process.hpp"
#include "failure.hpp"
#include "host_time.hpp"
#include "port.hpp"
#include "qemu.hpp"
#include "temporary_directory.hpp"
#include "time_limit.hpp"

#include <cmath>
#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <limits>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace transom::tool {
namespace {

using namespace std::chrono_literals;

bool exists(pid_t pid) { return kill(pid, 0) == 0; }

bool disappears(pid_t pid) {
    for (int i = 0; i < 200 && exists(pid); ++i) {
        waitpid(pid, nullptr, WNOHANG); // ours, if it became an orphan
        std::this_thread::sleep_for(20ms);
    }
    return !exists(pid);
}

TEST(ToolChildProcess, ReportsStatusAndOutput) {
    const Finished finished = run_to_end({"sh", "-c", "echo out; echo err >&2; exit 7"}, 10s);
    EXPECT_EQ(finished.status, 7);
    EXPECT_EQ(finished.output, "out\n");
    EXPECT_EQ(finished.error_text, "err\n");
    EXPECT_EQ(last_line("a\nb c \n\n"), "b c");
    EXPECT_EQ(last_line(""), "");
}

TEST(ToolChildProcess, SaysWhyAProgramCannotBeStarted) {
    EXPECT_THAT([] { ChildProcess({"/nowhere/qemu"}, ChildProcess::Streams::captured); },
                testing::ThrowsMessage<Failure>("cannot start /nowhere/qemu: No such file or directory"));
}

TEST(ToolChildProcess, TakesItsOwnChildrenAlong) {
    pid_t grandchild = 0;
    {
        ChildProcess child({"sh", "-c", "sleep 1000 & echo $!; wait"}, ChildProcess::Streams::captured);
        while (child.output().find('\n') == std::string::npos)
            std::this_thread::sleep_for(10ms);
        grandchild = std::stoi(child.output());
        EXPECT_TRUE(exists(grandchild));
    }
    EXPECT_TRUE(disappears(grandchild));
}

TEST(ToolChildProcess, DoesNotOutliveAToolThatIsKilled) {
    prctl(PR_SET_CHILD_SUBREAPER, 1); // the orphan becomes ours, so that it can be waited for
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t tool = fork();
    if (tool == 0) {
        const ChildProcess child({"sleep", "1000"}, ChildProcess::Streams::captured);
        const pid_t pid = child.pid();
        [[maybe_unused]] const auto n = write(ends[1], &pid, sizeof pid);
        pause();
        _exit(0);
    }
    pid_t machine = 0;
    ASSERT_EQ(read(ends[0], &machine, sizeof machine), static_cast<ssize_t>(sizeof machine));
    EXPECT_TRUE(exists(machine));
    kill(tool, SIGKILL);
    waitpid(tool, nullptr, 0);
    EXPECT_TRUE(disappears(machine));
    close(ends[0]);
    close(ends[1]);
}

TEST(ToolTemporaryDirectory, IsPrivateAndGoesWithItsContents) {
    std::filesystem::path path;
    {
        const TemporaryDirectory directory;
        path = directory.path();
        std::ofstream(path / "file") << "x";
        EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_all);
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ToolTemporaryDirectory, RemovesWhatAKilledRunLeftAndNothingElse) {
    const TemporaryDirectory parent;
    const auto dead = parent.path() / "transom-tool-dead", other = parent.path() / "other";
    std::filesystem::create_directory(dead);
    std::filesystem::create_directory(other);
    const TemporaryDirectory running(parent.path());
    const auto long_ago = std::filesystem::file_time_type::clock::now() - 1h;
    for (const auto& path : {dead, other, running.path()})
        std::filesystem::last_write_time(path, long_ago);
    const TemporaryDirectory next(parent.path());
    EXPECT_FALSE(std::filesystem::exists(dead));
    EXPECT_TRUE(std::filesystem::exists(other));
    EXPECT_TRUE(std::filesystem::exists(running.path()));
}

TEST(ToolQemu, ReadsItsVersion) {
    EXPECT_EQ(parse_qemu_version("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright"), (QemuVersion{7, 2}));
    EXPECT_EQ(parse_qemu_version("QEMU emulator version 10.0.2\n"), (QemuVersion{10, 0}));
    EXPECT_EQ(parse_qemu_version("QEMU emulator version x"), std::nullopt);
    EXPECT_EQ(parse_qemu_version("bash 5"), std::nullopt);
}

TEST(ToolQemu, RefusesWhatIsTooOldOrNoQemu) {
    const TemporaryDirectory directory;
    const auto fake = [&](const std::string& output) {
        const auto path = directory.path() / "qemu";
        std::ofstream(path) << "#!/bin/sh\necho '" << output << "'\n";
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path.string();
    };
    EXPECT_EQ(check_qemu(fake("QEMU emulator version 7.2.0")), (QemuVersion{7, 2}));
    EXPECT_THAT([&] { check_qemu(fake("QEMU emulator version 6.2.0")); },
                testing::ThrowsMessage<Failure>(testing::HasSubstr("is QEMU 6.2, too old: 7.2 or newer")));
    EXPECT_THAT([&] { check_qemu(fake("hello")); }, testing::ThrowsMessage<Failure>(testing::HasSubstr("which QEMU")));
}

TEST(ToolPort, NoticesThatOneIsTaken) {
    const std::uint16_t port = free_port();
    EXPECT_NE(port, 0);
    EXPECT_NO_THROW(check_port_free(port));
    const FileDescriptor taken(socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(bind(taken.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(taken.get(), 1), 0);
    EXPECT_THROW(check_port_free(port), Failure);
}

TEST(ToolTimeLimit, IsWhatTheUserSaysElseWhatIsUsual) {
    MachineOptions options;
    EXPECT_EQ(time_limit(options, 120s), 120s);
    options.timeout_s = 1.5;
    EXPECT_EQ(time_limit(options, 120s), 1500ms);
}

TEST(ToolTimeLimit, CanBeAddedToTheTimeHoweverLongItIs) {
    for (const double seconds : {1e300, std::numeric_limits<double>::infinity(), std::nan("")}) {
        EXPECT_GT(duration_of(seconds), std::chrono::years(30)) << seconds;
        EXPECT_GT(Clock::now() + duration_of(seconds), Clock::now()) << seconds;
    }
}

TEST(HostTime, WhatAProcessHadOfTheHostIsKnown) {
    const HostTime before = host_time(getpid());
    EXPECT_GT(before.ran_s, 0);
    std::uint64_t sum = 0;
    HostTime now;
    do {
        for (unsigned i = 0; i < 1'000'000; ++i)
            asm volatile("" : "+r"(sum));
        now = host_time(getpid());
    } while (now.ran_s < before.ran_s + 0.02);
    EXPECT_GE(now.waited_s, before.waited_s);
    EXPECT_EQ(host_time(-1).ran_s, 0) << "nobody";
    EXPECT_EQ(describe_host_time({1, 2}, {1.25, 21}),
              "its QEMU has run 0.2 s since, and waited 19.0 s for a processor of this host");
}

} // namespace
} // namespace transom::tool
