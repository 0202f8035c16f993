// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "memory_pipe.hpp"

#include <arch/fake_machine.hpp>
#include <deque>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <optional>
#include <random>
#include <transom/secure/secure_network.hpp>
#include <vector>

namespace transom::secure {

using net::CloseReason;
using ByteVector = std::vector<std::byte>;

constexpr std::uint64_t test_frequency = 512'000'000;
constexpr net::Ipv4Address other_machine{0x0a4d0002};
constexpr std::uint16_t test_port = 7701;

inline PrivateKey test_key(std::uint8_t number) {
    std::array<std::byte, seed_size> seed{};
    seed[0] = std::byte{number};
    return make_private_key(seed);
}

inline ByteVector random_bytes(std::size_t count, std::mt19937_64& random) {
    ByteVector bytes(count);
    for (std::byte& each : bytes)
        each = static_cast<std::byte>(random());
    return bytes;
}

/// Who uses a connection: says what it is told to, as room comes, and keeps what it hears.
struct Talker final : net::StreamHandler {
    net::ByteStream* stream = nullptr;
    ByteVector to_say, heard;
    std::size_t said = 0;
    std::size_t appetite = ~std::size_t{0}; // bytes that it takes until it is hungry again
    bool is_connected = false, has_more_to_say = false, finished = false;
    std::optional<CloseReason> end;
    std::function<void()> on_received;
    int room_told = 0; // times

    void talk(std::size_t at_most = ~std::size_t{0}) {
        while (stream != nullptr && said < to_say.size() && at_most != 0) {
            const std::size_t n = std::min(at_most, to_say.size() - said);
            const std::size_t taken = stream->send(std::span(to_say).subspan(said, n));
            said += taken;
            at_most -= taken;
            if (taken == 0)
                break;
        }
    }
    void connected() override { is_connected = true; }
    std::size_t received(std::span<const std::byte> bytes) override {
        const std::size_t n = std::min(bytes.size(), appetite);
        appetite -= n;
        heard.insert(heard.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
        if (on_received)
            on_received();
        return n;
    }
    void sent() override {
        ++room_told;
        talk();
    }
    bool peer_finished() override {
        finished = true;
        return has_more_to_say;
    }
    void closed(CloseReason reason) override {
        stream = nullptr;
        end = reason;
    }
};

/// Gives each connection to a talker of its own.
struct Host final : net::Listener {
    std::deque<Talker> talkers;
    bool refuses = false;
    net::StreamHandler* accepted(net::ByteStream& stream) override {
        if (refuses)
            return nullptr;
        talkers.emplace_back().stream = &stream;
        return &talkers.back();
    }
};

/// One machine's part of the network.
struct Machine {
    /// `name`: what its lines of the log begin with, which all machines of a test share.
    Machine(net::Network& below, const char* name, std::uint8_t key, std::initializer_list<std::uint8_t> peers)
        : name(name) {
        entropy.absorb(std::as_bytes(std::span(seed)));
        EXPECT_TRUE(identity.set_own(test_key(key)));
        for (const std::uint8_t peer : peers)
            EXPECT_TRUE(identity.add_peer(*public_key_of(test_key(peer))));
        network.emplace(below, Use{name, 1}, identity, entropy, places, test_frequency);
    }
    std::string_view name;
    std::array<std::uint64_t, 4> seed{1, 2, 3, 4};
    Identity identity;
    Entropy entropy;
    std::array<SecureStream, max_half_open + 2> places;
    std::optional<SecureNetwork> network;
};

class SecureTest : public testing::Test {
  protected:
    void listen(Machine& machine) { ASSERT_TRUE(machine.network->listen(net::InterfaceId::link, test_port, host)); }
    void connect(Machine& machine, Talker& talker) {
        const auto stream = machine.network->connect(other_machine, test_port, talker);
        ASSERT_TRUE(stream);
        talker.stream = *stream;
    }
    bool round() {
        for (Machine* machine : {&a, &b})
            machine->network->run();
        return pipes.pump();
    }
    void go_on(int rounds = 10'000) {
        while (round() && rounds-- > 0) {}
    }
    /// Connected, and everything of the handshake has gone.
    void shake() {
        listen(b);
        connect(a, here);
        go_on();
        ASSERT_TRUE(here.is_connected);
        ASSERT_EQ(host.talkers.size(), 1u);
    }
    Talker& there() { return host.talkers.back(); }
    std::string log() const {
        std::string all;
        for (const std::string& line : fake.log_)
            all += line + "\n";
        return all;
    }
    /// What that machine has said.
    std::string log_of(const Machine& machine) const {
        std::string all;
        for (const std::string& line : fake.log_)
            if (line.find(fmt::format("{}: ", machine.name)) != std::string::npos)
                all += line + "\n";
        return all;
    }
    std::size_t places_in_use(Machine& machine) const {
        // One that is free takes a connection.
        std::size_t taken = 0;
        for (; taken < machine.places.size(); ++taken) {
            static Talker nobody;
            const auto stream = machine.network->connect(other_machine, test_port, nobody);
            if (!stream)
                break;
            probes.push_back(*stream);
        }
        for (net::ByteStream* probe : probes)
            probe->abort();
        probes.clear();
        return machine.places.size() - taken;
    }

    arch::FakeMachine fake{4096};
    test::PipeNetwork pipes;
    Machine a{pipes, "link of a", 1, {2, 3}};
    Machine b{pipes, "link of b", 2, {7, 1}};
    Host host;
    Talker here;
    mutable std::vector<net::ByteStream*> probes;
    std::mt19937_64 random{20261126};
};

} // namespace transom::secure
