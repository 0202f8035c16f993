// SPDX-License-Identifier: Apache-2.0
#include <arch/fake_machine.hpp>
#include <gtest/gtest.h>
#include <transom/secure/entropy.hpp>
#include <transom/secure/key.hpp>

namespace transom::secure {
namespace {

template <std::size_t size> std::array<std::byte, size> bytes_of(std::string_view hex) {
    std::array<std::byte, size> bytes{};
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = static_cast<std::byte>(std::stoi(std::string(hex.substr(2 * i, 2)), nullptr, 16));
    return bytes;
}

TEST(SecureKey, ThePublicKeyIsThePrivateOnesPoint) {
    // RFC 6979 A.2.5.
    const auto key = bytes_of<32>("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    const auto point = bytes_of<65>("0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                                    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    EXPECT_EQ(public_key_of(key), point);
}

TEST(SecureKey, WhatIsNoPrivateKeyIsRefused) {
    EXPECT_FALSE(public_key_of(PrivateKey{}));
    const auto order = bytes_of<32>("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    EXPECT_FALSE(public_key_of(order));
    auto near = order;
    near[31] = std::byte{0x50};
    EXPECT_TRUE(public_key_of(near));
    near[31] = std::byte{0x52};
    EXPECT_FALSE(public_key_of(near));
    Identity identity;
    EXPECT_FALSE(identity.set_own(order));
    EXPECT_FALSE(identity.complete());
}

TEST(SecureKey, KeysAreMadeFromTheirSeedAndNothingElse) {
    std::array<std::byte, seed_size> seed{};
    const PrivateKey first = make_private_key(seed);
    EXPECT_EQ(first, make_private_key(seed));
    seed[31] = std::byte{1};
    EXPECT_NE(first, make_private_key(seed));
    EXPECT_TRUE(public_key_of(first));
}

TEST(SecureKey, AnIdentityIsCompleteWithAPeer) {
    Identity identity;
    EXPECT_TRUE(identity.set_own(make_private_key(std::array<std::byte, seed_size>{})));
    EXPECT_FALSE(identity.complete());
    EXPECT_TRUE(identity.add_peer(PublicKey{}));
    EXPECT_TRUE(identity.complete());
    for (std::size_t i = 1; i < Identity::max_peers; ++i)
        EXPECT_TRUE(identity.add_peer(PublicKey{}));
    EXPECT_FALSE(identity.add_peer(PublicKey{}));
}

std::optional<std::uint64_t> works() {
    static std::uint64_t number = 0;
    return ++number;
}
std::optional<std::uint64_t> works_sometimes() {
    static int calls = 0;
    return ++calls % 7 == 0 ? std::optional<std::uint64_t>(calls) : std::nullopt;
}
std::optional<std::uint64_t> is_broken() { return std::nullopt; }

using Drawn = std::array<std::byte, seed_size>;

TEST(SecureEntropy, WithoutASourceThereIsNone) {
    arch::FakeMachine machine(4096);
    Drawn drawn{};
    Entropy none, broken(is_broken), little;
    EXPECT_FALSE(none.draw(drawn));
    EXPECT_FALSE(broken.draw(drawn));
    little.absorb(std::array<std::byte, seed_size - 1>{});
    EXPECT_FALSE(little.draw(drawn));
    little.absorb(std::array<std::byte, 1>{});
    EXPECT_TRUE(little.draw(drawn));
}

TEST(SecureEntropy, EachDrawIsAnother) {
    arch::FakeMachine machine(4096);
    Drawn first{}, second{}, third{};
    Entropy seeded, same;
    seeded.absorb(Drawn{});
    same.absorb(Drawn{});
    EXPECT_TRUE(seeded.draw(first) && seeded.draw(second) && same.draw(third));
    EXPECT_NE(first, second);
    EXPECT_EQ(first, third) << "the seed and the time are all there is";
}

// A machine that is reset reads the same bundle again, and must not make the keys of its last start.
TEST(SecureEntropy, ASeedThatServesTwiceIsDrawnFromAtAnotherTime) {
    const Drawn seed{};
    const auto start = [&](std::uint64_t time) {
        arch::FakeMachine machine(4096);
        machine.advance(time);
        Entropy entropy;
        entropy.absorb(seed);
        Drawn drawn{};
        EXPECT_TRUE(entropy.draw(drawn));
        return drawn;
    };
    EXPECT_NE(start(1000), start(1001));
    EXPECT_EQ(start(1000), start(1000));
}

TEST(SecureEntropy, TheTimeIsNoSource) {
    arch::FakeMachine machine(4096);
    Drawn drawn{};
    Entropy little;
    little.absorb(std::array<std::byte, seed_size - sizeof(std::uint64_t)>{});
    for (int i = 0; i < 10; ++i) {
        machine.advance(1000);
        EXPECT_FALSE(little.draw(drawn));
    }
}

TEST(SecureEntropy, TheHardwareIsMixedIn) {
    arch::FakeMachine machine(4096);
    Drawn seed{}, with{}, without{};
    Entropy hardware(works), both(works_sometimes), alone, broken(is_broken);
    EXPECT_TRUE(hardware.draw(with)) << "it is enough";
    both.absorb(seed);
    alone.absorb(seed);
    broken.absorb(seed);
    EXPECT_TRUE(both.draw(with) && alone.draw(without));
    EXPECT_NE(with, without);
    EXPECT_TRUE(broken.draw(with)) << "the seed is enough";
}

} // namespace
} // namespace transom::secure
