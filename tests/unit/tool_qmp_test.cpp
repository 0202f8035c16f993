// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "qmp_client.hpp"
#include "temporary_directory.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

namespace transom::tool {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::string_view greeting = "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\n";

/// Plays QEMU: greets, and answers each line it gets with the next of its answers; then it closes.
class FakeMonitor {
  public:
    explicit FakeMonitor(std::vector<std::string> answers, std::string_view greets = greeting)
        : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        path().string().copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(listen(socket_.get(), 1), 0);
        thread_ = std::thread([this, answers = std::move(answers), greets = std::string(greets)] {
            const FileDescriptor client(accept(socket_.get(), nullptr, nullptr));
            send(client, greets);
            for (const std::string& answer : answers) {
                asked_.push_back(read_line(client));
                send(client, answer);
            }
        });
    }
    ~FakeMonitor() {
        if (thread_.joinable())
            thread_.join();
    }

    std::filesystem::path path() const { return directory_.path() / "monitor"; }
    /// What it was asked, once it has given all its answers.
    const std::vector<std::string>& asked() {
        thread_.join();
        return asked_;
    }

  private:
    static void send(const FileDescriptor& client, std::string_view text) {
        EXPECT_EQ(::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    }
    static std::string read_line(const FileDescriptor& client) {
        std::string line;
        for (char c = 0; recv(client.get(), &c, 1, 0) == 1 && c != '\n';)
            line += c;
        return line;
    }

    TemporaryDirectory directory_;
    FileDescriptor socket_;
    std::vector<std::string> asked_;
    std::thread thread_;
};

std::string failure_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Failure& failure) {
        return failure.what();
    }
    return "none";
}

TEST(Qmp, AsksAndLeavesEventsOut) {
    FakeMonitor qemu({"{\"return\": {}}\n", "{\"event\": \"STOP\"}\n{\"return\": {\"status\": \"active\"}}\n"});
    {
        QmpClient client(qemu.path(), Clock::now() + 5s);
        EXPECT_EQ(client.command("migrate", {{"uri", "unix:x"}}).value("status", ""), "active");
    }
    ASSERT_EQ(qemu.asked().size(), 2u);
}

TEST(Qmp, SaysWhatIsAskedInJson) {
    FakeMonitor qemu({"{\"return\": {}}\n", "{\"return\": 1}\n"});
    {
        QmpClient client(qemu.path(), Clock::now() + 5s);
        client.command("migrate", {{"uri", "unix:x"}});
    }
    EXPECT_THAT(qemu.asked(), testing::ElementsAre("{\"execute\":\"qmp_capabilities\"}",
                                                   "{\"arguments\":{\"uri\":\"unix:x\"},\"execute\":\"migrate\"}"));
}

TEST(Qmp, WhatIsRefusedOrBrokenIsSaid) {
    {
        FakeMonitor qemu({"{\"return\": {}}\n",
                          "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such disk\"}}\n", "nonsense\n"});
        QmpClient client(qemu.path(), Clock::now() + 5s);
        EXPECT_EQ(failure_of([&] { client.command("eject"); }), "QEMU refuses eject: no such disk");
        EXPECT_THAT(failure_of([&] { client.command("stop"); }), HasSubstr("says 'nonsense'"));
        EXPECT_THAT(failure_of([&] { client.command("stop"); }),
                    testing::AnyOf(HasSubstr("closed"), HasSubstr("broke")));
    }
    FakeMonitor other({}, "220 mail.example\n");
    EXPECT_NE(failure_of([&] { QmpClient(other.path(), Clock::now() + 5s); }), "none");
    EXPECT_THAT(failure_of([&] { QmpClient("/nowhere/socket", Clock::now()); }),
                HasSubstr("QEMU does not open /nowhere"));
}

} // namespace
} // namespace transom::tool
