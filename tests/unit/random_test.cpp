// SPDX-License-Identifier: Apache-2.0
#include "partition_fixture.hpp"
#include <set>
#include <transom/base/bits.hpp>
#include <transom/hcall/table.hpp>
#include <transom/random/source.hpp>

namespace transom::random {
namespace {

using papr::Op;
using papr::Status;

TEST(ChaCha20, GivesTheBlockOfRfc8439) {
    ChaChaKey key;
    for (std::uint32_t i = 0; i < key.size(); ++i) // bytes 0, 1, 2 ... 31
        key[i] = 0x03020100 + 0x04040404 * i;
    const ChaChaBlock expected = {0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033,
                                  0x9aaa2204, 0x4e6cd4c3, 0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9,
                                  0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2};
    EXPECT_EQ(chacha20(key, 1, {0x09000000, 0x4a000000, 0}), expected);
}

std::array<std::byte, 32> seed(std::uint8_t first) {
    std::array<std::byte, 32> bytes{};
    bytes[0] = std::byte{first};
    return bytes;
}

TEST(RandomSource, GivesNothingBeforeItHasSeedEnough) {
    Source source;
    EXPECT_FALSE(source.usable());
    EXPECT_FALSE(source.draw());
    source.absorb(seed(1), 255);
    EXPECT_FALSE(source.draw());
    source.absorb(seed(2), 1);
    EXPECT_TRUE(source.usable());
    EXPECT_TRUE(source.draw());
}

TEST(RandomSource, NeverRepeatsAndDependsOnTheWholeSeed) {
    std::set<std::uint64_t> drawn;
    for (std::uint8_t first = 0; first < 4; ++first) {
        Source source;
        source.absorb(seed(first), 256);
        for (int i = 0; i < 1000; ++i)
            drawn.insert(source.draw().value());
    }
    EXPECT_EQ(drawn.size(), 4000u);
    Source longer, shorter;
    longer.absorb(std::array<std::byte, 33>{}, 256);
    shorter.absorb(std::array<std::byte, 32>{}, 256);
    EXPECT_NE(longer.draw(), shorter.draw()) << "a byte of zeros is a byte too";
}

TEST(RandomSource, IsTheHardwareWhereThereIsOne) {
    static int calls;
    static int failures;
    calls = 0;
    failures = 9;
    Source source([]() -> std::optional<std::uint64_t> {
        ++calls;
        return failures-- > 0 ? std::nullopt : std::optional<std::uint64_t>(42);
    });
    EXPECT_TRUE(source.usable());
    EXPECT_EQ(source.draw(), 42u) << "the tenth try";
    EXPECT_EQ(calls, 10);
    failures = 10;
    EXPECT_FALSE(source.draw());
    source.absorb(seed(1), 256);
    failures = 10;
    EXPECT_TRUE(source.draw()) << "the seed takes its place";
}

class HcallRandom : public PartitionTest {};

TEST_F(HcallRandom, AnswersHardwareUntilSomethingIsRandom) {
    Source source;
    partition.random = &source;
    partition.allowed_calls.allow(papr::FunctionSets::all());
    EXPECT_EQ(status(Op::random), Status::hardware) << "rather than a number that is none";
    source.absorb(seed(1), 256);
    EXPECT_EQ(status(Op::random), Status::success);
    const std::uint64_t first = vcpu.registers.gpr[4];
    EXPECT_EQ(status(Op::random), Status::success);
    EXPECT_NE(vcpu.registers.gpr[4], first);
}

class HcallHomeNode : public PartitionTest {
  protected:
    Status ask(std::uint64_t flags, std::uint64_t id) { return status(Op::home_node_associativity, {flags, id}); }
    std::array<std::uint64_t, 6> answer() const {
        std::array<std::uint64_t, 6> words{};
        std::copy_n(vcpu.registers.gpr.begin() + 4, words.size(), words.begin());
        return words;
    }
    void domains(std::initializer_list<std::uint32_t> list) {
        tree::HostAssociativity of_node;
        for (const std::uint32_t domain : list)
            ASSERT_TRUE(of_node.push_back(domain));
        ASSERT_TRUE(nodes.domains.push_back(of_node));
        ASSERT_TRUE(nodes.of_processor.push_back(static_cast<std::uint8_t>(nodes.domains.size() - 1)));
        partition.nodes = &nodes;
        partition.allowed_calls.allow(papr::FunctionSets::all());
    }
    partition::HomeNodes nodes;
};

constexpr std::uint64_t nothing = ~std::uint64_t{0};

TEST_F(HcallHomeNode, PacksDomainsIntoFieldsOfTwoBytes) {
    domains({0, 1, 0x7fff, 0x8000, 0x12345678, 9});
    for (const auto& [flags, id] : {std::pair{1, 0}, std::pair{1, 1}, std::pair{2, 0}}) {
        EXPECT_EQ(ask(flags, id), Status::success);
        EXPECT_THAT(answer(), testing::ElementsAre(0x8000'8001'ffff'0000, 0x8000'1234'5678'8009, nothing, nothing,
                                                   nothing, nothing));
    }
}

TEST_F(HcallHomeNode, LeavesOutWhatHasNoRoom) {
    domains({0x10001, 0x10001, 0x10001, 0x10001, 0x10001, 0x10001, 0x10001, 0x10001, 0x10001, 0x10001, 0x10001, 5});
    EXPECT_EQ(ask(1, 0), Status::success);
    EXPECT_EQ(answer()[4], 0x0001'0001'0001'0001u);
    EXPECT_EQ(answer()[5], 0x0001'0001'8005'ffffu);
}

TEST_F(HcallHomeNode, RefusesOtherFlagsBeforeItLooksAtTheProcessor) {
    domains({1});
    for (const std::uint64_t flags : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{4}, ibm_bit(0) | 1})
        EXPECT_EQ(ask(flags, 99), Status::parameter) << flags;
    for (const std::uint64_t id : {std::uint64_t{2}, std::uint64_t{1} << 32, nothing})
        EXPECT_EQ(ask(1, id), Status::p2) << id;
    EXPECT_EQ(ask(2, 1), Status::p2);
}

TEST_F(HcallHomeNode, R84_EachVirtualProcessorHasAHomeAndEachProcessorANode) {
    domains({3});
    domains({5});
    partition.vcpus[1].home = 1;
    const auto first_of = [&](std::uint64_t flags, std::uint64_t id) {
        EXPECT_EQ(ask(flags, id), Status::success);
        return answer()[0] >> 48;
    };
    EXPECT_EQ(first_of(1, 0), 0x8003u);
    EXPECT_EQ(first_of(1, 1), 0x8005u);
    EXPECT_EQ(first_of(2, 0), 0x8003u);
    EXPECT_EQ(first_of(2, 1), 0x8005u);
    EXPECT_EQ(ask(2, 2), Status::p2);
}

} // namespace
} // namespace transom::random
