// SPDX-License-Identifier: Apache-2.0
#include "manage_fixture.hpp"
#include "secure_refusal_fixture.hpp"

#include <algorithm>

// The management service behind TLS: whom it hears, and what others keep it from.

namespace transom::manage {
namespace {

using secure::CloseReason;
using secure::max_half_open;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr std::uint8_t machine_key = 10, operator_key = 11, other_operator_key = 12, peer_key = 13, stranger_key = 14;

/// The machine knows two operators, `me` is one of them.
class SecureManageTest : public testing::Test {
  protected:
    SecureManageTest() {
        EXPECT_TRUE(machine.network->listen(net::InterfaceId::management, management_port, service));
        EXPECT_TRUE(machine.identity.add_peer(*secure::public_key_of(secure::test_key(other_operator_key))));
    }
    void connect(secure::Machine& from, Operator& who) {
        who.stream = *from.network->connect({1}, management_port, who);
        go_on();
    }
    void go_on() {
        for (int i = 0; i < 1000; ++i) {
            for (secure::Machine* each : {&me, &machine})
                each->network->run();
            service.run();
            if (!pipes.pump())
                return;
        }
        FAIL() << "it never ends";
    }
    std::vector<std::string> ask(Operator& who, std::string_view what) {
        EXPECT_EQ(who.stream->send(std::as_bytes(std::span(what))), what.size());
        go_on();
        return who.lines();
    }
    /// Says something to the port without TLS.
    net::ByteStream& call(Operator& who, std::string_view what) {
        who.stream = *pipes.connect({1}, management_port, who);
        pipes.pump();
        who.stream->send(std::as_bytes(std::span(what)));
        go_on();
        return *who.stream;
    }
    std::string log() const {
        std::string all;
        for (const std::string& line : fake.log_)
            all += line + "\n";
        return all;
    }

    arch::FakeMachine fake{mib(1)};
    test::PipeNetwork pipes;
    secure::Machine me{pipes, "me", operator_key, {machine_key}};
    secure::Machine machine{pipes, "management", machine_key, {operator_key}};
    TestMachine partitions;
    Service service{partitions};
    Operator one, two;
};

TEST_F(SecureManageTest, AnOperatorThatIsKnownIsServed) {
    connect(me, one);
    EXPECT_THAT(ask(one, "hello\nstatus\n"),
                ElementsAre(StartsWith("ok transom"), StartsWith("+ partition=debian"), StartsWith("ok partitions=1")));
    secure::Machine other{pipes, "other", other_operator_key, {machine_key}};
    connect(other, two);
    two.stream->send(std::as_bytes(std::span(std::string_view("hello\n"))));
    other.network->run();
    go_on();
    other.network->run();
    EXPECT_THAT(two.lines(), ElementsAre(StartsWith("ok transom")));
    EXPECT_THAT(fake.log_, IsEmpty());
}

TEST_F(SecureManageTest, J8_NothingOfWhatOperatorsSayIsOnTheWire) {
    connect(me, one);
    ASSERT_THAT(ask(one, "status\n"), testing::SizeIs(2));
    for (const auto& end : pipes.ends) {
        const std::string wire(reinterpret_cast<const char*>(end->history.data()), end->history.size());
        EXPECT_THAT(wire, Not(HasSubstr("status")));
        EXPECT_THAT(wire, Not(HasSubstr("partition")));
    }
}

TEST_F(SecureManageTest, AStrangerIsRefusedAndBothSidesSayWhy) {
    secure::Machine stranger{pipes, "stranger", stranger_key, {machine_key}};
    Operator caller;
    const auto stream = stranger.network->connect({1}, management_port, caller);
    ASSERT_TRUE(stream);
    for (int i = 0; i < 100; ++i) {
        stranger.network->run();
        go_on();
    }
    EXPECT_TRUE(caller.over);
    EXPECT_THAT(log(), HasSubstr("10.77.0.1 is nobody that this machine knows: its key is not pinned here"));
    EXPECT_THAT(log(), HasSubstr("does not know this machine: the key of this machine is not pinned there"));
    EXPECT_THAT(partitions.orders, IsEmpty());
}

/// Who pins other machines and operators on one machine keeps them apart: this is one that may only send partitions.
TEST_F(SecureManageTest, AnotherMachineIsNoOperator) {
    secure::Machine peer{pipes, "peer", peer_key, {machine_key}};
    secure::Identity among_machines;
    ASSERT_TRUE(among_machines.set_own(secure::test_key(machine_key)));
    ASSERT_TRUE(among_machines.add_peer(*secure::public_key_of(secure::test_key(peer_key))));
    secure::SecureNetwork link(pipes, {"link"}, among_machines, machine.entropy, machine.places,
                               secure::test_frequency);
    secure::Host host;
    ASSERT_TRUE(link.listen(net::InterfaceId::link, 7701, host));
    secure::Talker caller;
    ASSERT_TRUE(peer.network->connect({1}, 7701, caller));
    for (int i = 0; i < 100; ++i) {
        peer.network->run();
        link.run();
        pipes.pump();
    }
    EXPECT_TRUE(caller.is_connected) << "the link knows it";
    secure::Talker orders;
    ASSERT_TRUE(peer.network->connect({1}, management_port, orders));
    for (int i = 0; i < 100; ++i) {
        peer.network->run();
        go_on();
    }
    EXPECT_EQ(orders.end, CloseReason::unknown_here);
}

TEST_F(SecureManageTest, AnOperatorTakesNoOtherMachineForThisOne) {
    secure::Machine mistaken{pipes, "mistaken", operator_key, {peer_key}};
    secure::Talker caller;
    ASSERT_TRUE(mistaken.network->connect({1}, management_port, caller));
    for (int i = 0; i < 100; ++i) {
        mistaken.network->run();
        go_on();
    }
    EXPECT_EQ(caller.end, CloseReason::unknown_peer);
    EXPECT_FALSE(caller.is_connected);
}

TEST_F(SecureManageTest, WhoSpeaksPlainlyIsRefusedWithALine) {
    call(one, "shutdown\n");
    EXPECT_TRUE(one.over);
    EXPECT_THAT(log(), HasSubstr("10.77.0.1 does not speak TLS, and nothing is said here without it"));
    EXPECT_THAT(one.text, Not(HasSubstr("ok")));
    EXPECT_FALSE(partitions.ended);
    // One letter is enough to know.
    fake.advance(secure::test_frequency);
    call(two, "s");
    EXPECT_TRUE(two.over);
    Operator known;
    connect(me, known);
    EXPECT_THAT(ask(known, "hello\n"), ElementsAre(StartsWith("ok transom")));
}

TEST_F(SecureManageTest, WhoIsSilentDoesNotKeepAnOperatorOutAndHasToGo) {
    std::array<Operator, 30> silent;
    for (Operator& each : silent) {
        call(each, "");
        fake.advance(1000);
    }
    const auto are_there = [&] { return std::ranges::count(silent, false, &Operator::over); };
    EXPECT_EQ(are_there(), static_cast<std::ptrdiff_t>(max_half_open));
    fake.advance(secure::grace_ms * secure::test_frequency / 1000); // who has just called is left alone
    connect(me, one);
    EXPECT_THAT(ask(one, "hello\n"), ElementsAre(StartsWith("ok transom")));
    fake.advance(secure::handshake_limit_s * secure::test_frequency);
    go_on();
    EXPECT_EQ(are_there(), 0);
    EXPECT_THAT(log(), HasSubstr("has not shown in time who it is"));
    EXPECT_FALSE(one.over);
    EXPECT_THAT(ask(one, "hello\n"), ElementsAre(StartsWith("ok transom"))) << "who is known may be silent for long";
}

TEST_F(SecureManageTest, AnOperatorForWhomThereIsNoPlaceIsToldSo) {
    std::array<Operator, max_connections> all;
    for (Operator& each : all)
        connect(me, each);
    connect(me, one);
    EXPECT_THAT(one.lines(), ElementsAre(StartsWith("error busy: eight operators are connected")));
    EXPECT_TRUE(one.over);
    EXPECT_THAT(log(), HasSubstr("one more operator is turned away: 8 are connected"));
    all[3].stream->close();
    go_on();
    connect(me, two);
    EXPECT_THAT(ask(two, "hello\n"), ElementsAre(StartsWith("ok transom")));
}

TEST_F(SecureManageTest, ABundleArrivesWhole) {
    connect(me, one);
    const std::string bundle(900, 'b');
    EXPECT_THAT(ask(one, fmt::format("define bytes={} digest=0123456789abcdef\n", bundle.size())),
                ElementsAre("+ send=900"));
    EXPECT_THAT(ask(one, bundle), ElementsAre(StartsWith("error ")))
        << "it is not the one that was announced, which shows that all of it was looked at";
    EXPECT_THAT(ask(one, "define bytes=5 digest=0123456789abcdef\n"), ElementsAre("+ send=5"));
    one.stream->close();
    go_on();
    EXPECT_EQ(partitions.dropped, 2) << "who hangs up has it given back";
}

TEST_F(SecureManageTest, AMachineWithoutAnOperatorsKeyDoesNotListen) {
    secure::Identity nobody;
    ASSERT_TRUE(nobody.set_own(secure::test_key(machine_key)));
    secure::SecureNetwork deaf(pipes, {"management"}, nobody, machine.entropy, machine.places, secure::test_frequency);
    EXPECT_EQ(deaf.listen(net::InterfaceId::management, management_port, service).error(), net::StreamError::no_keys);
}

} // namespace
} // namespace transom::manage
