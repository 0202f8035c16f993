// SPDX-License-Identifier: Apache-2.0
#include "partition_fixture.hpp"
#include <numeric>
#include <string>
#include <string_view>

namespace transom::vio {
namespace {

using papr::Op;
using papr::Status;

class TerminalTest : public PartitionTest {
  protected:
    std::size_t type(std::string_view text) {
        return partition.terminals[0].type(partition.sources, terminal_source,
                                           {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    }
    std::string drain() {
        std::string text(partition.terminals[0].output.count, ' ');
        partition.terminals[0].output.pop({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
        return text;
    }
    bool signalled() { return partition.sources.find(terminal_source)->pending; }
};

TEST(ByteRing, IsAQueueThatWraps) {
    ByteRing<8> ring;
    std::uint8_t next_in = 0, next_out = 0;
    for (int round = 0; round < 50; ++round) {
        std::array<std::uint8_t, 5> in{};
        std::iota(in.begin(), in.end(), next_in);
        next_in += static_cast<std::uint8_t>(ring.push(in));
        std::array<std::uint8_t, 3> out{};
        const std::size_t n = ring.pop(out);
        for (std::size_t i = 0; i < n; ++i)
            ASSERT_EQ(out[i], next_out++);
        ASSERT_EQ(ring.count + ring.space(), 8u);
        ASSERT_EQ(static_cast<std::uint8_t>(next_in - next_out), ring.count);
    }
}

TEST(Scrollback, KeepsTheLast) {
    std::array<std::uint8_t, 8> memory{};
    Scrollback kept(memory);
    std::string all;
    const auto last = [&](std::size_t from_end, std::size_t most) {
        std::string text(most, ' ');
        text.resize(kept.copy(from_end, {reinterpret_cast<std::uint8_t*>(text.data()), most}));
        return text;
    };
    EXPECT_EQ(last(5, 5), "");
    for (int round = 0; round < 40; ++round) {
        std::string more(static_cast<std::size_t>(round) % 11, ' ');
        std::iota(more.begin(), more.end(), static_cast<char>('a' + round % 16));
        kept.add({reinterpret_cast<const std::uint8_t*>(more.data()), more.size()});
        all += more;
        ASSERT_EQ(kept.size(), std::min<std::size_t>(all.size(), 8));
        for (std::size_t n = 0; n <= kept.size(); ++n) {
            ASSERT_EQ(last(n, 20), all.substr(all.size() - n));
            ASSERT_EQ(last(n, 2), all.substr(all.size() - n).substr(0, 2));
        }
        ASSERT_EQ(last(20, 20).size(), kept.size());
    }
    Scrollback nowhere;
    nowhere.add(memory);
    EXPECT_EQ(nowhere.size(), 0u);
}

TEST_F(TerminalTest, PutTakesCharactersFromTheHighOrderByteOn) {
    EXPECT_EQ(status(Op::put_term_char, {terminal_unit, 10, 0x68656c6c6f2c2077, 0x6f72'0000'0000'0000}),
              Status::success);
    EXPECT_EQ(drain(), "hello, wor");
    EXPECT_EQ(status(Op::put_term_char, {0, 1, 0x4142434445464748, 0}), Status::success);
    EXPECT_EQ(drain(), "A");
}

TEST_F(TerminalTest, PutWakesWhoShowsIt) {
    partition::ProcessorPool pool;
    partition.pool = &pool;
    EXPECT_EQ(status(Op::put_term_char, {terminal_unit, 1, 0, 0}), Status::success);
    EXPECT_TRUE(pool.sleepers.tasks_wanted());
    pool.sleepers.begin_tasks();
    EXPECT_EQ(status(Op::put_term_char, {terminal_unit, 1, 0, 0}), Status::success);
    EXPECT_FALSE(pool.sleepers.tasks_wanted()) << "what is there already has woken somebody";
    partition.pool = &partition::no_pool;
}

TEST_F(TerminalTest, PutRefusesBadLengthsAndUnits) {
    EXPECT_EQ(status(Op::put_term_char, {terminal_unit, 17, 0, 0}), Status::parameter);
    EXPECT_EQ(status(Op::put_term_char, {terminal_unit, ~std::uint64_t{0}, 0, 0}), Status::parameter);
    EXPECT_EQ(status(Op::put_term_char, {terminal_unit + 1, 1, 0, 0}), Status::parameter);
    EXPECT_EQ(status(Op::put_term_char, {terminal_unit, 0, 0, 0}), Status::success) << "tests the connection";
    EXPECT_EQ(drain(), "");
}

TEST_F(TerminalTest, PutIsAllOrNothing) {
    auto& output = partition.terminals[0].output;
    while (output.space() >= 16)
        ASSERT_EQ(status(Op::put_term_char, {terminal_unit, 16, 0, 0}), Status::success);
    drain();
    const std::array<std::uint8_t, 1> x{'x'};
    while (output.space() > 10)
        output.push(x);
    const hcall::Outcome outcome = call(Op::put_term_char, {terminal_unit, 11, 0, 0});
    EXPECT_EQ(outcome.status, Status::busy);
    EXPECT_EQ(outcome.then, hcall::Then::yield) << "the console has to get a chance";
    EXPECT_EQ(output.space(), 10u);
    EXPECT_EQ(status(Op::put_term_char, {terminal_unit, 10, 0, 0}), Status::success);
    EXPECT_EQ(status(Op::put_term_char, {terminal_unit, 0, 0, 0}), Status::success);
    EXPECT_EQ(status(Op::put_term_char, {terminal_unit, 1, 0, 0}), Status::busy);
}

TEST_F(TerminalTest, GetGivesUpToSixteenCharacters) {
    type("0123456789abcdefgh");
    auto& gpr = vcpu.registers.gpr;
    EXPECT_EQ(status(Op::get_term_char, {terminal_unit}), Status::success);
    EXPECT_EQ(gpr[4], 16u);
    EXPECT_EQ(gpr[5], 0x3031323334353637u);
    EXPECT_EQ(gpr[6], 0x3839616263646566u);
    EXPECT_EQ(status(Op::get_term_char, {terminal_unit}), Status::success);
    EXPECT_EQ(gpr[4], 2u);
    EXPECT_EQ(gpr[5] >> 48, 0x6768u);
    EXPECT_EQ(status(Op::get_term_char, {terminal_unit}), Status::success);
    EXPECT_EQ(gpr[4], 0u);
    EXPECT_EQ(status(Op::get_term_char, {0x30000000}), Status::parameter);
}

TEST_F(TerminalTest, InterruptsWhenThereIsSomethingToReadAgain) {
    type("");
    EXPECT_FALSE(signalled());
    type("a");
    EXPECT_TRUE(signalled());
    partition.sources.find(terminal_source)->pending = false; // taken
    type("b");
    EXPECT_FALSE(signalled()) << "the partition has not read the first one yet";
    call(Op::get_term_char, {terminal_unit});
    EXPECT_EQ(vcpu.registers.gpr[4], 2u);
    type("c");
    EXPECT_TRUE(signalled());
}

TEST_F(TerminalTest, TakesNoMoreThanThereIsRoomFor) {
    const std::string much(1000, 'm');
    const std::size_t taken = type(much);
    EXPECT_EQ(taken, partition.terminals[0].input.bytes.size());
    EXPECT_EQ(type("x"), 0u);
}

TEST_F(TerminalTest, EachTerminalIsItsOwn) {
    partition.terminal_count = 2;
    partition.sources.add(terminal_source + 1, interrupt::Trigger::message);
    Terminal& second = partition.terminals[1];
    EXPECT_EQ(status(Op::put_term_char, {terminal_unit + 1, 1, 0x6100000000000000, 0}), Status::closed)
        << "no operator is there";
    EXPECT_EQ(status(Op::get_term_char, {terminal_unit + 1}), Status::closed);
    EXPECT_EQ(status(Op::put_term_char, {terminal_unit + 2, 0, 0, 0}), Status::parameter);
    EXPECT_EQ(status(Op::put_term_char, {terminal_unit - 1, 0, 0, 0}), Status::parameter);
    second.session = true;
    EXPECT_EQ(status(Op::put_term_char, {terminal_unit + 1, 1, 0x6100000000000000, 0}), Status::success);
    EXPECT_EQ(second.output.count, 1u);
    EXPECT_EQ(drain(), "");
    const std::array<std::uint8_t, 1> typed{'z'};
    second.type(partition.sources, terminal_source + 1, typed);
    EXPECT_FALSE(signalled());
    EXPECT_TRUE(partition.sources.find(terminal_source + 1)->pending);
    EXPECT_EQ(status(Op::get_term_char, {terminal_unit}), Status::success);
    EXPECT_EQ(vcpu.registers.gpr[4], 0u);
    second.session = false; // what was typed is still read
    EXPECT_EQ(status(Op::get_term_char, {terminal_unit + 1}), Status::success);
    EXPECT_EQ(vcpu.registers.gpr[4], 1u);
    EXPECT_EQ(status(Op::get_term_char, {terminal_unit + 1}), Status::closed);
}

} // namespace
} // namespace transom::vio
