// SPDX-License-Identifier: Apache-2.0
#include "secure_refusal_fixture.hpp"

#include <algorithm>
#include <fmt/format.h>

// Peers that say nothing, or anything.

namespace transom::secure {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t grace = grace_ms * test_frequency / 1000;

TEST_F(SecureRefusalTest, WhoSaysNothingHasToGo) {
    listen(b);
    stranger(here);
    go_on();
    EXPECT_EQ(places_in_use(b), 1u);
    fake.advance(handshake_limit_s * test_frequency - 1);
    go_on();
    EXPECT_FALSE(here.end);
    fake.advance(1);
    go_on();
    EXPECT_EQ(here.end, CloseReason::reset);
    EXPECT_EQ(places_in_use(b), 0u);
    EXPECT_THAT(log(), HasSubstr("10.77.0.1 has not shown in time who it is"));
}

TEST_F(SecureRefusalTest, AListenerThatSaysNothingIsGivenUp) {
    Echo mute;
    pipes.listener = &mute;
    connect(a, here);
    go_on();
    EXPECT_FALSE(here.end);
    fake.advance(handshake_limit_s * test_frequency);
    go_on();
    EXPECT_EQ(here.end, CloseReason::insecure);
}

TEST_F(SecureRefusalTest, StrangersThatSayNothingDoNotKeepOthersOut) {
    listen(b);
    std::deque<Talker> strangers;
    for (std::size_t i = 0; i < max_half_open + 8; ++i) {
        if (i == max_half_open)
            fake.advance(grace);
        stranger(strangers.emplace_back());
        fake.advance(1000);
    }
    go_on();
    EXPECT_EQ(places_in_use(b), max_half_open);
    connect(a, here);
    go_on();
    EXPECT_TRUE(here.is_connected);
    EXPECT_EQ(host.talkers.size(), 1u);
    EXPECT_LT(fake.log_.size(), 5u) << "strangers do not fill the log";
}

/// Its hello is one way through the network off: others have to go, though they have said something that may be one.
TEST_F(SecureRefusalTest, WhoHasJustCalledGoesNotBeforeStrangersThatHaveSaidOneByte) {
    listen(b);
    std::deque<Talker> strangers;
    for (std::size_t i = 0; i + 1 < max_half_open; ++i)
        stranger(strangers.emplace_back()).send(std::array{std::byte{22}});
    go_on();
    fake.advance(grace);
    go_on();
    Talker known;
    stranger(known);
    for (std::size_t i = 0; i + 1 < max_half_open; ++i)
        stranger(strangers.emplace_back());
    go_on();
    EXPECT_FALSE(known.end);
    EXPECT_EQ(std::ranges::count_if(strangers, [](const Talker& each) { return each.end.has_value(); }),
              max_half_open - 1);
}

TEST_F(SecureRefusalTest, NewerCallersOfItsAddressDoNotKeepOutWhoHasJustCalled) {
    listen(b);
    connect(a, here);
    pipes.connector().window = 0; // its hello is on its way
    std::deque<Talker> strangers;
    for (std::size_t i = 0; i < 3 * max_half_open; ++i)
        stranger(strangers.emplace_back());
    EXPECT_EQ(strangers.back().end, CloseReason::refused);
    pipes.connector().window = 100'000;
    go_on();
    EXPECT_TRUE(here.is_connected);
    EXPECT_FALSE(here.end);
    EXPECT_THAT(log(), HasSubstr("is refused: too many who have not shown who they are call at once"));
}

/// A machine that is known, a few bytes of whose handshake arrive in each round, while a stranger more calls in each.
class SlowMachineTest : public SecureRefusalTest {
  protected:
    void expect_connected_among(std::span<const std::byte> what_strangers_say) {
        listen(b);
        pipes.caller = {0x0a4d0001};
        connect(a, here);
        pipes.connector().window = 5;
        pipes.caller = {0x0a4d0009};
        std::deque<Talker> strangers;
        for (int i = 0; i < 200 && !here.is_connected; ++i) {
            stranger(strangers.emplace_back()).send(what_strangers_say);
            round();
            fake.advance(grace / 20);
        }
        EXPECT_GT(strangers.size(), 2 * max_half_open) << "it was slow";
        EXPECT_TRUE(here.is_connected);
        EXPECT_FALSE(here.end);
        EXPECT_EQ(host.talkers.size(), 1u);
    }
};

TEST_F(SlowMachineTest, StrangersThatSayNothingDoNotKeepItOut) { expect_connected_among({}); }

TEST_F(SlowMachineTest, StrangersOfOneAddressDoNotKeepItOut) {
    expect_connected_among(std::array{std::byte{22}}); // a record may begin so
}

TEST_F(SlowMachineTest, OneThatHasSaidNothingYetIsNotTheFirstToGoWhereOthersAreMany) {
    listen(b);
    pipes.caller = {0x0a4d0001};
    Talker known;
    stranger(known); // its hello is on its way
    fake.advance(1000);
    pipes.caller = {0x0a4d0009};
    std::deque<Talker> strangers;
    for (std::size_t i = 0; i < 2 * max_half_open; ++i) {
        stranger(strangers.emplace_back());
        fake.advance(grace / 4);
    }
    go_on();
    EXPECT_FALSE(known.end);
    EXPECT_EQ(places_in_use(b), max_half_open);
}

TEST_F(SecureRefusalTest, GarbageIsRefused) {
    listen(b);
    const ByteVector forth = recorded_hello();
    here.stream->abort();
    go_on();
    host.talkers.clear();
    for (int i = 0; i < 3000; ++i) {
        Talker caller;
        net::ByteStream& stream = stranger(caller);
        ByteVector bytes = i % 2 == 0 ? random_bytes(1 + random() % 600, random) : forth;
        if (i % 2 != 0)
            for (std::uint64_t changes = 1 + random() % 5; changes != 0; --changes)
                bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        else if (i % 4 == 0) // looks like a record
            bytes.insert(bytes.begin(), {std::byte{22}, std::byte{3}, std::byte{3}});
        for (std::size_t at = 0; at < bytes.size() && caller.stream != nullptr;) {
            const std::size_t n = std::min<std::size_t>(1 + random() % 200, bytes.size() - at);
            stream.send(std::span(bytes).subspan(at, n));
            at += n;
            pipes.ends[pipes.ends.size() - 1]->pump();
            pipes.ends[pipes.ends.size() - 2]->pump();
        }
        if (caller.stream != nullptr)
            stream.abort();
        pipes.ends[pipes.ends.size() - 1]->pump();
        ASSERT_TRUE(host.talkers.empty());
    }
    EXPECT_EQ(places_in_use(b), 0u);
}

TEST_F(SecureRefusalTest, GarbageAfterTheHandshakeIsRefused) {
    listen(b);
    for (int i = 0; i < 100; ++i) {
        Talker caller;
        connect(a, caller);
        go_on();
        ASSERT_FALSE(host.talkers.empty());
        test::PipeEnd& end = *pipes.ends.back();
        end.inbound = random_bytes(20'000, random);
        if (i % 2 == 0) // a record of data that can be
            for (std::size_t at = 0; const int each : {23, 3, 3, 1, 0})
                end.inbound[at++] = static_cast<std::byte>(each);
        end.offer = true;
        go_on();
        ASSERT_EQ(there().end, CloseReason::forged);
        ASSERT_TRUE(there().heard.empty());
        host.talkers.clear();
        pipes.ends.clear();
    }
    EXPECT_EQ(places_in_use(a), 0u);
    EXPECT_EQ(places_in_use(b), 0u);
}

TEST_F(SecureRefusalTest, NoKeyIsEverInTheLog) {
    Machine c{pipes, "link of c", 9, {2}};
    listen(b);
    connect(c, here);
    go_on();
    const auto hex = [](std::span<const std::byte> bytes) {
        std::string text;
        for (const std::byte each : bytes.first(4))
            text += fmt::format("{:02x}", std::to_integer<unsigned>(each));
        return text;
    };
    ASSERT_FALSE(fake.log_.empty());
    for (const std::uint8_t key : std::to_array<std::uint8_t>({1, 2, 9}))
        EXPECT_THAT(log(), testing::Not(HasSubstr(hex(test_key(key)))));
}

} // namespace
} // namespace transom::secure
