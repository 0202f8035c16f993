// SPDX-License-Identifier: Apache-2.0
#include "memory_pipe.hpp"
#include <arch/fake_machine.hpp>
#include <gmock/gmock.h>
#include <string>
#include <transom/hcall/dispatch.hpp>
#include <transom/manage/service.hpp>
#include <transom/partition/create.hpp>
#include <transom/partition/msr.hpp>

namespace transom::manage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct TestMachine final : Machine {
    std::unique_ptr<partition::Partition> debian = std::make_unique<partition::Partition>();
    migrate::Progress progress;
    std::optional<MigrateRequest> order;
    std::string ordered_partition;
    std::optional<migrate::Failure> refusal;
    std::vector<std::uint64_t> hashes;
    unsigned digests_for = ~0u; // how many calls of digests() until the next move takes the table
    std::vector<std::pair<std::string, migrate::Owner>> settled;
    bool cancellable = false;
    bool ended = false;

    TestMachine() {
        std::string_view("debian").copy(debian->name_storage.data(), 31);
        debian->state = partition::PartitionState::running;
        debian->vcpu_count = 1;
        if (!debian->memory.add_block({0x40000000}))
            throw std::runtime_error("add_block");
    }
    MachineInfo info() override { return {"0.1.0", "powernv9", "POWER9", 512000000}; }
    const partition::Partition* partition(std::size_t index) override { return index == 0 ? debian.get() : nullptr; }
    partition::Partition* find(std::string_view name) override {
        return debian != nullptr && name == debian->name() ? debian.get() : nullptr;
    }
    std::expected<void, migrate::Failure> migrate(const MigrateRequest& request) override {
        if (refusal)
            return std::unexpected(*refusal);
        order = request;
        ordered_partition = request.partition;
        return {};
    }
    const migrate::Progress& migration() override { return progress; }
    bool cancel() override { return cancellable; }
    std::expected<void, migrate::Failure> settle(std::string_view name, migrate::Owner owner) override {
        if (refusal)
            return std::unexpected(*refusal);
        settled.emplace_back(std::string(name), owner);
        return {};
    }
    std::optional<DigestTable> digests(std::string_view name) override {
        if (name != "debian" || digests_for == 0)
            return std::nullopt;
        --digests_for;
        return DigestTable{hashes, kib(64)};
    }
    std::optional<Counter> counter(std::size_t index) override {
        constexpr std::array<Counter, 2> counters{{{"boot_ticks", 12}, {"hcall.H_ENTER", 34}}};
        return index < counters.size() ? std::optional(counters[index]) : std::nullopt;
    }
    void shutdown() override { ended = true; }
};

/// An operator's end of a connection: collects lines.
struct Operator final : net::StreamHandler {
    net::ByteStream* stream = nullptr;
    std::string text;
    std::string to_send;
    bool over = false;

    std::size_t received(std::span<const std::byte> bytes) override {
        text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        return bytes.size();
    }
    void closed(net::CloseReason) override { over = true; }
    bool push() {
        const std::size_t n = stream->send(std::as_bytes(std::span(to_send)));
        to_send.erase(0, n);
        return n != 0;
    }
    std::vector<std::string> lines() {
        std::vector<std::string> all;
        for (std::size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1))
            all.push_back(text.substr(0, end));
        return all;
    }
};

class ManageTest : public testing::Test {
  protected:
    ManageTest() { net.listener = &service; }

    void connect(Operator& who) {
        who.stream = *net.connect({1}, management_port, who);
        net.pump();
    }
    std::vector<std::string> ask(Operator& who, std::string what) {
        if (who.stream == nullptr)
            connect(who);
        who.to_send += what;
        for (bool moved = true; moved;) {
            moved = who.push();
            moved = net.pump() || moved;
            // Room has come for whoever waits for it.
            for (auto& end : net.ends)
                if (end->open && end->handler != nullptr)
                    end->handler->sent();
            for (auto& end : net.ends)
                moved = moved || end->offer;
        }
        return who.lines();
    }
    std::vector<std::string> ask(std::string what) { return ask(one, what); }

    arch::FakeMachine fake{mib(1)};
    TestMachine machine;
    Service service{machine};
    test::PipeNetwork net;
    Operator one;
    Operator two;
};

TEST_F(ManageTest, SaysHello) {
    EXPECT_THAT(ask("hello\n"),
                ElementsAre("ok transom=0.1.0 protocol=1 machine=powernv9 cpu=POWER9 timebase=512000000"));
}

TEST_F(ManageTest, ListsPartitions) {
    EXPECT_THAT(ask("status\r\n"),
                ElementsAre("+ partition=debian state=running memory=16777216 vcpus=1 granule=65536 page-table=262144",
                            "ok partitions=1"));
}

TEST_F(ManageTest, StartsAMove) {
    EXPECT_THAT(ask("migrate partition=debian to=10.77.0.2\n"), ElementsAre("ok migration=started"));
    ASSERT_TRUE(machine.order);
    EXPECT_EQ(machine.ordered_partition, "debian");
    EXPECT_EQ(machine.order->to.value, 0x0a4d0002u);
    EXPECT_EQ(machine.order->port, 7701);
    EXPECT_FALSE(machine.order->corrupt_page);
    EXPECT_THAT(ask("migrate to=10.0.0.255 port=9 test-corrupt-page=77 partition=\"debian\"\n"),
                ElementsAre("ok migration=started"));
    EXPECT_EQ(machine.order->to.value, 0x0a0000ffu);
    EXPECT_EQ(machine.order->port, 9);
    EXPECT_EQ(machine.order->corrupt_page, 77u);
    machine.refusal = migrate::failure(migrate::MoveError::no_such_partition, "there is no partition {}", "x");
    EXPECT_THAT(ask("migrate partition=x to=10.77.0.2\n"),
                ElementsAre("error no-such-partition: there is no partition x"));
}

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

TEST_F(ManageTest, RefusesWhatItDoesNotUnderstandByName) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"dance\n", "error unknown-verb: \"dance\": "},
        {"hello now=1\n", "error unknown-key: \"now\": "},
        {"migrate partition=debian\n", "error missing-key: \"to\": "},
        {"migrate to=10.77.0.2\n", "error missing-key: \"partition\": "},
        {"migrate partition=debian to=10.77.0.2 speed=9\n", "error unknown-key: \"speed\": "},
        {"migrate partition=debian to=10.77.0\n", "error bad-value: \"10.77.0\": "},
        {"migrate partition=debian to=10.77.0.256\n", "error bad-value: \"10.77.0.256\": "},
        {"migrate partition=debian to=10.77.0.2.\n", "error bad-value: "},
        {"migrate partition=debian to=10.77..2\n", "error bad-value: "},
        {"migrate partition=debian to=10.77.0.2 port=0\n", "error bad-value: \"0\": "},
        {"migrate partition=debian to=10.77.0.2 port=65536\n", "error bad-value: \"65536\": "},
        {"migrate partition=debian to=10.77.0.2 test-corrupt-page=-1\n", "error bad-value: \"-1\": "},
        {"migrate partition=debian partition=x to=10.77.0.2\n", "error syntax: \"partition=x to=10.77.0.2\": "},
        {"migrate partition\n", "error syntax: \"partition\": "},
        {"migrate =x\n", "error syntax: \"=x\": "},
        {"migrate partition=\"debian\n", "error syntax: \"partition=?debian\": "},
        {"digest\n", "error missing-key: \"partition\": "},
        {"digest partition=other\n", "error no-digests: \"other\": "},
        {"cancel\n", "error nothing-to-cancel: "},
        {"a=1 b=1\n", "error unknown-verb: \"a=1\": "},
        {"x a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1\n", "error unknown-key: \"i\": "},
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
    p.bytes = 12345;
    p.began_at = 1000;
    p.stopped_at = 1500;
    p.started_at = 2500;
    p.clock_error = 7;
    EXPECT_THAT(
        ask("migration\n"),
        ElementsAre("ok state=completed role=source partition=debian peer=10.77.0.2 pages_done=256 pages_total=256 "
                    "zero_pages=250 table_entries=9 bytes=12345 stopped_ticks=500 started_ticks=1500 "
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

TEST_F(ManageTest, TakesTheOperatorsWordOnAPartitionInDoubt) {
    EXPECT_THAT(ask("settle partition=debian owner=here\nsettle owner=peer partition=other\n"),
                ElementsAre("ok", "ok"));
    EXPECT_THAT(machine.settled, ElementsAre(std::pair(std::string("debian"), migrate::Owner::here),
                                             std::pair(std::string("other"), migrate::Owner::peer)));
    EXPECT_THAT(ask("settle partition=debian\n"), ElementsAre(StartsWith("error missing-key: \"owner\"")));
    EXPECT_THAT(ask("settle owner=here\n"), ElementsAre(StartsWith("error missing-key: \"partition\"")));
    EXPECT_THAT(ask("settle partition=debian owner=me\n"), ElementsAre(StartsWith("error bad-value: \"me\"")));
    EXPECT_THAT(ask("settle partition=debian owner=here force=1\n"),
                ElementsAre(StartsWith("error unknown-key: \"force\"")));
    machine.refusal = migrate::failure(migrate::MoveError::not_in_doubt, "debian is not in doubt");
    EXPECT_THAT(ask("settle partition=debian owner=here\n"), ElementsAre("error not-in-doubt: debian is not in doubt"));
    EXPECT_EQ(machine.settled.size(), 2u);
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

TEST_F(ManageTest, ListsThePartitionsCallsWithLatenciesWhileItIsObserved) {
    partition::Partition& p = *machine.debian;
    p.vcpus[0].partition = &p;
    p.allowed_calls.allow(papr::FunctionSets::all());
    const auto call = [&](std::uint64_t token) {
        p.vcpus[0].registers.gpr[3] = token;
        (void)hcall::dispatch(p.vcpus[0]);
    };
    constexpr std::uint64_t poll_pending = 0x1d8, no_call = 0x1234;
    call(poll_pending);
    EXPECT_THAT(ask("calls partition=debian\n"),
                ElementsAre("+ call=H_POLL_PENDING set=hcall-poll-pending count=1", "ok observe=off privilege=0"));
    EXPECT_THAT(ask("trace partition=debian\n"), ElementsAre("ok calls=0"));
    EXPECT_THAT(ask("calls partition=debian observe=on\n"), testing::Contains("ok observe=on privilege=0"));
    call(poll_pending);
    call(no_call);
    p.observation.record_other_exit(5);
    EXPECT_THAT(ask("calls partition=debian observe=off\n"),
                ElementsAre("+ call=H_POLL_PENDING set=hcall-poll-pending count=2 ticks=0 "
                            "latency=1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
                            "+ call=unknown set=- count=1 ticks=0 latency=1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
                            "+ exits=other count=1 ticks=5 latency=0,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0",
                            "ok observe=off privilege=0"));
    call(poll_pending);
    EXPECT_THAT(ask("trace partition=debian\n"),
                ElementsAre(StartsWith("+ timebase=1000 vcpu=0 call=unknown token=0x1234 r4=0x0 r5=0x0 r6=0x0 r7=0x0"),
                            "+ timebase=1000 vcpu=0 call=H_POLL_PENDING token=0x1d8 status=0", "ok calls=2"));
    // Calls from problem state are counted apart.
    p.observation.start();
    p.vcpus[0].registers.msr = partition::msr::pr;
    call(poll_pending);
    EXPECT_THAT(ask("calls partition=debian\n"),
                ElementsAre("+ call=H_POLL_PENDING set=hcall-poll-pending count=3", "+ call=unknown set=- count=1",
                            "ok observe=on privilege=1"));
    EXPECT_THAT(ask("calls partition=debian observe=perhaps\n"), ElementsAre(StartsWith("error bad-value: ")));
    EXPECT_THAT(ask("calls\n"), ElementsAre("error missing-key: \"partition\": calls needs partition=NAME"));
    EXPECT_THAT(ask("trace partition=windows\n"), ElementsAre(StartsWith("error no-such-partition: ")));
    EXPECT_THAT(ask("trace partition=debian age=1\n"), ElementsAre(StartsWith("error unknown-key: ")));
}

TEST_F(ManageTest, ReportsCountersAndShutsDownAfterTheAnswer) {
    EXPECT_THAT(ask("report\n"), ElementsAre("+ boot_ticks=12", "+ hcall.H_ENTER=34", "ok"));
    EXPECT_FALSE(machine.ended);
    EXPECT_THAT(ask("shutdown\n"), ElementsAre("ok"));
    EXPECT_TRUE(machine.ended);
}

TEST_F(ManageTest, ServesSeveralConnectionsAndRefusesTheNinth) {
    EXPECT_THAT(ask(one, "hel"), ElementsAre());
    EXPECT_THAT(ask(two, "hello\n"), ElementsAre(StartsWith("ok ")));
    EXPECT_THAT(ask(one, "lo\n"), ElementsAre(StartsWith("ok ")));
    std::array<Operator, 7> more;
    for (Operator& another : more)
        connect(another);
    EXPECT_FALSE(more[5].over);
    EXPECT_TRUE(more[6].over);
    one.stream->close();
    net.pump();
    Operator late;
    EXPECT_THAT(ask(late, "hello\n"), ElementsAre(StartsWith("ok ")));
}

} // namespace
} // namespace transom::manage
