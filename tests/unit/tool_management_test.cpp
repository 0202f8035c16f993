// SPDX-License-Identifier: Apache-2.0
#include "console_end.hpp"
#include "failure.hpp"
#include "hypervisor_work.hpp"
#include "input_lines.hpp"
#include "interruption.hpp"
#include "management_client.hpp"
#include "order.hpp"
#include "tool_secure_service.hpp"

#include <csignal>
#include <cstdlib>
#include <gmock/gmock.h>

namespace transom::tool {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

/// A management service with a script: for each connection the answers to its requests, whatever they are. An empty list
/// closes the connection at once, as QEMU's port forwarding does when the machine does not listen yet.
class FakeService {
  public:
    using Script = std::vector<std::vector<std::string>>;
    /// In front of an answer that takes 300 ms.
    static constexpr char late_mark = '~';

    explicit FakeService(Script script, const MachineKeys& keys = known.machine)
        : keys_(keys), script_(std::move(script)), thread_([this] { serve(); }) {}
    ~FakeService() {
        listener_.stop();
        thread_.join();
    }

    std::uint16_t port() const { return listener_.port(); }
    std::vector<std::string> requests_;
    int strangers_ = 0; // connections that did not come as far as a request
    static const KnownPair known;

  private:
    void serve() {
        for (const auto& answers : script_) {
            FileDescriptor socket = listener_.accept();
            if (!socket)
                return;
            if (answers.empty())
                continue;
            ServedConnection connection(std::move(socket), keys_);
            if (!connection.shake()) {
                ++strangers_;
                continue;
            }
            for (const std::string& answer : answers) {
                requests_.push_back(connection.line().value_or("?"));
                const bool late = answer.starts_with(late_mark);
                if (late)
                    std::this_thread::sleep_for(300ms);
                connection.say(std::string_view(answer).substr(late ? 1 : 0));
            }
        }
    }

    LocalListener listener_;
    MachineKeys keys_;
    Script script_;
    std::thread thread_;
};
const KnownPair FakeService::known;

const std::string hello = "ok transom=0.1.0 protocol=1 machine=powernv9 cpu=POWER9 timebase=512000000\n";
const auto fine = [] {};

TEST(ToolManagement, SaysHelloUntilTheMachineAnswers) {
    FakeService service({{}, {}, {hello, "+ partition=a memory=5\nok partitions=1\n"}});
    ManagementClient client(service.port(), FakeService::known.keys, Clock::now() + 20s, fine);
    EXPECT_EQ(client.hello().number("timebase"), 512000000u);
    const Answer status = client.demand("status");
    EXPECT_EQ(status.rows().size(), 1u);
    EXPECT_THAT(service.requests_, testing::ElementsAre("hello", "status"));
}

TEST(ToolManagement, SendsABundleWhenItIsAskedFor) {
    FakeService service({{hello, "+ send=4\n", "ok defined=1\n"}, {hello, "error no-memory: 4 bytes\n"}});
    const std::string bundle = "abc\n";
    const auto upload = [&](std::vector<std::size_t>& steps) {
        ManagementClient client(service.port(), FakeService::known.keys, Clock::now() + 20s, fine);
        return client.upload("define bytes=4", std::as_bytes(std::span(bundle)),
                             [&](std::size_t n) { steps.push_back(n); });
    };
    std::vector<std::size_t> steps;
    EXPECT_TRUE(upload(steps).ok());
    EXPECT_THAT(steps, testing::ElementsAre(4));
    EXPECT_EQ(upload(steps).error(), "no-memory: 4 bytes");
    EXPECT_THAT(steps, testing::ElementsAre(4)) << "what is refused is not sent";
    EXPECT_THAT(service.requests_, testing::ElementsAre("hello", "define bytes=4", "abc", "hello", "define bytes=4"));
}

TEST(ToolManagement, KnowsWhereAServiceIs) {
    EXPECT_EQ(parse_endpoint("example:7700").host, "example");
    EXPECT_EQ(parse_endpoint("example:7700").port, 7700);
    EXPECT_EQ(parse_endpoint("::1:7700").host, "::1");
    EXPECT_EQ(parse_endpoint("7700").host, "127.0.0.1");
    EXPECT_EQ(parse_endpoint(":1").port, 1);
    for (const char* wrong : {"", "here", "here:", "here:0", "here:65536", "here:7700x"})
        EXPECT_THAT([&] { parse_endpoint(wrong); }, ThrowsMessage<Failure>(HasSubstr("HOST:PORT"))) << wrong;
}

TEST(ToolManagement, TurnsARefusalIntoOneLine) {
    FakeService service({{hello, "error UNKNOWN: no partition x\n", "error BUSY: later\n"}});
    ManagementClient client(service.port(), FakeService::known.keys, Clock::now() + 20s, fine);
    EXPECT_EQ(client.request("migrate partition=x").error(), "UNKNOWN: no partition x");
    EXPECT_THAT([&] { client.demand("migrate partition=x"); },
                ThrowsMessage<Failure>("management request 'migrate' was refused: BUSY: later"));
}

TEST(ToolManagement, NoticesSilenceABrokenConnectionAndStrangers) {
    {
        FakeService service({{hello, "+ half"}});
        ManagementClient client(service.port(), FakeService::known.keys, Clock::now() + 20s, fine);
        EXPECT_THAT([&] { client.request("status", 5s); },
                    ThrowsMessage<Failure>(HasSubstr("the connection was closed")));
    }
    {
        FakeService service({{hello, "", ""}});
        ManagementClient client(service.port(), FakeService::known.keys, Clock::now() + 20s, fine);
        EXPECT_THAT([&] { client.request("status", 200ms); }, ThrowsMessage<Failure>(HasSubstr("no answer in time")));
    }
    FakeService stranger({{"ok name=other\n"}});
    EXPECT_THAT([&] { ManagementClient(stranger.port(), FakeService::known.keys, Clock::now() + 2s, fine); },
                ThrowsMessage<Failure>(HasSubstr("is no Transom")));
}

TEST(ToolManagement, WaitsForAnOrderAsLongAsTheConnectionLives) {
    FakeService service({{hello, "~ok\n", "~"}});
    ManagementClient client(service.port(), FakeService::known.keys, Clock::now() + 20s, fine);
    int said = 0;
    EXPECT_TRUE(client.request_patiently("stop partition=a", 50ms, [&] { ++said; }).ok());
    EXPECT_GE(said, 2) << "that it goes on";
    EXPECT_THAT([&] { client.request_patiently("stop partition=a", 50ms, fine); },
                ThrowsMessage<Failure>(HasSubstr("the connection was closed")));
}

/// What is wrong for good is not tried again until time is up.
TEST(ToolManagement, SaysAtOnceWhoDoesNotKnowWhom) {
    const auto connect = [](std::uint16_t port, const OperatorKeys& keys) {
        ManagementClient(port, keys, Clock::now() + 20s, fine);
    };
    const auto began = Clock::now();
    {
        FakeService service({{hello}});
        const OperatorKeys stranger{fresh_private_key(), FakeService::known.keys.machine};
        EXPECT_THAT([&] { connect(service.port(), stranger); },
                    ThrowsMessage<Failure>(HasSubstr(": the machine does not know this key")));
    }
    const KnownPair other;
    FakeService another({{hello}}, other.machine);
    EXPECT_THAT([&] { connect(another.port(), FakeService::known.keys); },
                ThrowsMessage<Failure>(HasSubstr(": what answers is not the machine that was meant")));
    EXPECT_LT(Clock::now() - began, 10s);
}

TEST(ToolManagement, SaysAtOnceThatThereIsNoPlace) {
    FakeService service({{"error busy: eight operators are connected\n"}});
    const auto began = Clock::now();
    EXPECT_THAT(
        [&] { ManagementClient(service.port(), FakeService::known.keys, Clock::now() + 20s, fine); },
        ThrowsMessage<Failure>(fmt::format("127.0.0.1:{}: busy: eight operators are connected", service.port())));
    EXPECT_LT(Clock::now() - began, 10s);
}

TEST(ToolManagement, NothingIsSaidToWhoDoesNotSpeakTls) {
    LocalListener listener;
    std::string heard;
    std::thread plain([&] {
        const FileDescriptor socket = listener.accept();
        std::array<char, 1000> block;
        ::send(socket.get(), hello.data(), hello.size(), MSG_NOSIGNAL);
        for (ssize_t n; (n = recv(socket.get(), block.data(), block.size(), 0)) > 0;)
            heard.append(block.data(), static_cast<std::size_t>(n));
        listener.stop();
    });
    EXPECT_THAT([&] { ManagementClient(listener.port(), FakeService::known.keys, Clock::now(), fine); },
                ThrowsMessage<Failure>(fmt::format(
                    "127.0.0.1:{}: the management service does not answer: what answers does not speak TLS 1.2",
                    listener.port())));
    plain.join();
    EXPECT_THAT(heard, Not(HasSubstr("hello")));
    EXPECT_FALSE(heard.empty());
}

TEST(ToolManagement, RelaysAnAnswerLineByLine) {
    FakeService service({{hello, "+ a=1\n+ b=2\nok c=3\n", "error busy: later\n"}});
    ManagementClient client(service.port(), FakeService::known.keys, Clock::now() + 20s, fine);
    std::vector<std::string> lines;
    const auto tell = [&](std::string_view line) { lines.emplace_back(line); };
    EXPECT_TRUE(client.relay("status", 5s, tell));
    EXPECT_THAT(lines, testing::ElementsAre("+ a=1", "+ b=2", "ok c=3"));
    EXPECT_FALSE(client.relay("cancel", std::nullopt, tell));
    EXPECT_EQ(lines.back(), "error busy: later");
}

TEST(ToolManagement, ARelayedRequestHasItsLimitWhereItHasOne) {
    FakeService service({{hello, "~+ a=1\nok\n"}});
    ManagementClient client(service.port(), FakeService::known.keys, Clock::now() + 20s, fine);
    EXPECT_THAT([&] { client.relay("status", 100ms, [](std::string_view) {}); },
                ThrowsMessage<Failure>("management request 'status': no answer in time"));
}

/// Says what it likes to one caller and waits until that one has gone.
class OneCaller {
  public:
    explicit OneCaller(std::function<void(FileDescriptor)> serve)
        : thread_([this, serve] { serve(listener_.accept()); }) {}
    ~OneCaller() {
        listener_.stop();
        thread_.join();
    }
    std::uint16_t port() const { return listener_.port(); }
    static void wait_for_end(const FileDescriptor& socket) {
        std::array<char, 1000> block;
        while (recv(socket.get(), block.data(), block.size(), 0) > 0) {}
    }

  private:
    LocalListener listener_;
    std::thread thread_;
};

TEST(ToolManagement, NothingIsSaidToAMachineThatHasSaidItsLast) {
    OneCaller caller([](FileDescriptor socket) {
        const int number = dup(socket.get());
        ServedConnection connection(std::move(socket), FakeService::known.machine);
        connection.shake();
        connection.line();
        connection.say(hello);
        connection.close(); // and the socket stays open
        OneCaller::wait_for_end(FileDescriptor(number));
    });
    ManagementClient client(caller.port(), FakeService::known.keys, Clock::now() + 20s, fine);
    const auto began = Clock::now();
    EXPECT_THAT([&] { client.request("status", 3s); }, ThrowsMessage<Failure>(HasSubstr("the connection was closed")));
    EXPECT_LT(Clock::now() - began, 2s);
}

TEST(ToolManagement, AnEndBeforeTheHandshakeIsNone) {
    OneCaller caller([](FileDescriptor socket) {
        constexpr std::array<char, 7> close_notify = {21, 3, 3, 0, 2, 1, 0}; // RFC 5246 7.2.1
        ::send(socket.get(), close_notify.data(), close_notify.size(), MSG_NOSIGNAL);
        OneCaller::wait_for_end(socket);
    });
    const auto began = Clock::now();
    EXPECT_THAT([&] { ManagementClient(caller.port(), FakeService::known.keys, Clock::now(), fine); },
                ThrowsMessage<Failure>(HasSubstr("hung up before it had shown who it is")));
    EXPECT_LT(Clock::now() - began, 3s);
}

/// Warnings, of which TLS takes any number.
TEST(ToolManagement, WhoNeverStopsDoesNotKeepUsFromTheTime) {
    std::array<int, 2> ends;
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    std::thread talker([other = FileDescriptor(ends[1])] {
        std::string flood;
        for (int i = 0; i < 10'000; ++i)
            flood += std::string_view("\x15\x03\x03\0\x02\x01\x5a", 7); // user_canceled
        while (::send(other.get(), flood.data(), flood.size(), MSG_NOSIGNAL) > 0) {}
    });
    {
        SecureChannel channel(FileDescriptor(ends[0]), FakeService::known.keys);
        while (!channel.has_heard())
            channel.work();
        EXPECT_FALSE(channel.established());
    }
    talker.join();
}

TEST(ToolRequest, IsNotEmpty) {
    for (const char* empty : {"", " ", "\t \r\n"})
        EXPECT_THAT([&] { request({{}, empty}); }, ThrowsMessage<Failure>(HasSubstr("request: it is empty"))) << empty;
}

TEST(ToolRequest, LinesEndEitherWay) {
    std::array<int, 2> ends;
    ASSERT_EQ(pipe(ends.data()), 0);
    const FileDescriptor from(ends[0]);
    FileDescriptor to(ends[1]);
    const std::string text = "status\r\n\nstop partition=a\nlast";
    ASSERT_EQ(write(to.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    to.reset();
    InputLines lines(from.get());
    std::vector<std::string> read;
    while (const auto line = lines.next())
        read.push_back(*line);
    EXPECT_THAT(read, testing::ElementsAre("status", "", "stop partition=a", "last"));
}

[[noreturn]] void read_interrupted() {
    std::array<int, 2> ends;
    if (pipe(ends.data()) != 0)
        std::_Exit(1);
    catch_interruptions();
    raise(SIGINT);
    try {
        InputLines(ends[0]).next();
    } catch (const Interrupted& interrupted) {
        std::_Exit(128 + interrupted.signal);
    }
    std::_Exit(0);
}

TEST(ToolRequest, AnInterruptionIsNoEnd) { EXPECT_EXIT(read_interrupted(), testing::ExitedWithCode(130), ""); }

/// More than a record, and more than the sockets between hold, either way.
TEST(ToolManagement, LongAnswersAndBundlesArriveWhole) {
    std::string rows;
    for (int i = 0; i < 20'000; ++i)
        rows += fmt::format("+ row={} text=abcdefgh\n", i);
    FakeService service({{hello, rows + "ok\n", "+ send=5000001\n", "ok defined=1\n"}});
    ManagementClient client(service.port(), FakeService::known.keys, Clock::now() + 20s, fine);
    const Answer answer = client.demand("status");
    ASSERT_EQ(answer.rows().size(), 20'000u);
    EXPECT_EQ(answer.rows().back().number("row"), 19'999u);
    std::string bundle(5'000'000, 'b');
    bundle += '\n';
    EXPECT_TRUE(client.upload("define", std::as_bytes(std::span(bundle)), [](std::size_t) {}).ok());
    ASSERT_EQ(service.requests_.size(), 4u);
    EXPECT_TRUE(service.requests_.back() == bundle.substr(0, 5'000'000));
}

TEST(ToolManagement, StopsWaitingWhenTheMachineIsGone) {
    FakeService service(FakeService::Script(1));
    int left = 2;
    EXPECT_THROW(ManagementClient(service.port(), FakeService::known.keys, Clock::now() + 20s,
                                  [&] {
                                      if (--left == 0)
                                          fail("the machine has ended");
                                  }),
                 Failure);
}

Answer answer_of(std::initializer_list<std::string_view> lines) {
    Answer answer;
    for (const std::string_view line : lines)
        answer.add_line(line);
    return answer;
}

TEST(ConsoleEnd, IsToldByWhatTheMachineLists) {
    const auto end = [](std::initializer_list<std::string_view> lines) {
        return end_of_console(answer_of(lines).rows(), "a");
    };
    EXPECT_EQ(end({"ok partitions=0"}), ConsoleEnd::partition);
    EXPECT_EQ(end({"+ partition=a state=defined", "ok"}), ConsoleEnd::partition);
    EXPECT_EQ(end({"+ partition=b state=running", "+ partition=a state=moved-away", "ok"}), ConsoleEnd::partition);
    for (const char* state : {"running", "starting", "suspended"})
        EXPECT_EQ(end({"+ partition=b state=defined", fmt::format("+ partition=a state={}", state), "ok"}),
                  ConsoleEnd::other)
            << state;
    EXPECT_EQ(name(ConsoleEnd::connection), "connection");
    EXPECT_THAT(describe(ConsoleEnd::other, "a", 2), HasSubstr("another connection has its terminal 2"));
    EXPECT_THAT(describe(ConsoleEnd::connection, "a", 0), HasSubstr("is lost; a may go on"));
}

TEST(HypervisorWork, AddsUpWhatTheTimeBaseCounted) {
    const Answer report =
        answer_of({"+ started_ticks=1", "+ first_instruction_ticks=1000", "+ now_ticks=513000", "+ guest_ticks=300000",
                   "+ idle_ticks=90000", "+ handshake_ticks=10000", "+ H_ENTER=3", "ok"});
    const Answer calls =
        answer_of({"+ call=H_ENTER set=hcall-pft count=3 ticks=512 latency=0", "+ call=unknown set=- count=4",
                   "+ exits=other count=5 ticks=1024 latency=1", "ok"});
    // At 512 MHz and 2 ns for an instruction 512 ticks are 500 instructions.
    const HypervisorWork work = hypervisor_work(report, calls, 512'000'000);
    EXPECT_EQ(work.calls, 7u);
    EXPECT_DOUBLE_EQ(work.call_instructions, 500);
    EXPECT_EQ(work.other_exits, 5u);
    EXPECT_DOUBLE_EQ(work.other_exit_instructions, 1000);
    EXPECT_DOUBLE_EQ(work.outside_instructions, 109375);
    EXPECT_EQ(to_json(work)["total"], 110875);
    EXPECT_THROW(hypervisor_work(answer_of({"+ now_ticks=1", "ok"}), calls, 512'000'000), Failure);
}

} // namespace
} // namespace transom::tool
