// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <transom/net/byte_stream.hpp>
#include <transom/partition/dispatcher.hpp>
#include <transom/secure/entropy.hpp>
#include <transom/secure/key.hpp>
#include <transom/secure/secure_stream.hpp>

namespace transom::secure {

/// Seconds that a peer has for its part of a handshake, and that it may let pass between two pieces of the last bytes of a connection.
constexpr std::uint64_t handshake_limit_s = 5;
/// Connections that are accepted and have not shown who they are. One more, and one of them has to go, or that one.
constexpr std::size_t max_half_open = 12;
/// Milliseconds for which one of them is left alone: a peer that is known says its first word in that time.
constexpr std::uint64_t grace_ms = 200;
/// One handshake goes on in a round, for about this many microseconds. One operation on a curve, which cannot be divided, may be longer.
constexpr std::uint64_t handshake_turn_us = 500;

/// What a network is for.
struct Use {
    std::string_view name; // for the log
    /// After a handshake's turn the next one waits for as many times as long as that took: the processor is for others meanwhile.
    std::uint64_t pause = 0;
};

/// A network whose connections are encrypted and authenticated at both ends, over one whose are not. connected() and accepted() are told when the
/// peer has proved that it has a key which is pinned; who has not never reaches whoever listens.
///
/// As a task it seals what was written in this round, so it comes before the task of the network below and after those
/// that write; and it looks at the time.
class SecureNetwork final : public net::Network, public partition::Task {
  public:
    static constexpr std::size_t max_listeners = 2;

    /// All outlive it. `places`: as many connections as there may be. `frequency`: of the time base, in Hz.
    SecureNetwork(net::Network& below, const Use& use, const Identity& identity, Entropy& entropy,
                  std::span<SecureStream> places, std::uint64_t frequency)
        : below_(below), use_(use), identity_(identity), entropy_(entropy), places_(places), frequency_(frequency) {}
    SecureNetwork(const SecureNetwork&) = delete;
    SecureNetwork& operator=(const SecureNetwork&) = delete;

    std::expected<void, net::StreamError> listen(net::InterfaceId interface, std::uint16_t port,
                                                 net::Listener& listener) override;
    std::expected<net::ByteStream*, net::StreamError> connect(net::Ipv4Address address, std::uint16_t port,
                                                              net::StreamHandler& handler) override;
    std::uint64_t run() override;

    /// What handshakes took so far, in ticks of the time base.
    std::uint64_t handshake_ticks() const { return handshake_ticks_; }

    // For SecureStream.
    const Identity& identity() const { return identity_; }
    static std::uint64_t now();
    /// A line to the log about a peer: four in a second at most, as a stranger may cause them.
    void tell(net::Ipv4Address peer, std::string_view what);
    /// Whether it is this one's turn with its handshake. Nobody's becomes that of who asks, where nobody waits for it.
    bool has_turn(const SecureStream& stream);
    /// At a handshake. It counts where it was its turn.
    void worked(const SecureStream& stream, std::uint64_t began, std::uint64_t ended);
    /// How long a turn may take, in ticks of the time base.
    std::uint64_t turn_limit() const { return handshake_turn_us * frequency_ / 1'000'000; }

  private:
    class Entry final : public net::Listener {
      public:
        SecureNetwork* network = nullptr;
        net::Listener* listener = nullptr;
        net::StreamHandler* accepted(net::ByteStream& below) override { return network->accepted(below, *listener); }
    };

    net::StreamHandler* accepted(net::ByteStream& below, net::Listener& listener);
    SecureStream* free_place();
    bool make_room(net::Ipv4Address caller);
    std::uint64_t pass_turn();

    net::Network& below_;
    Use use_;
    const Identity& identity_;
    Entropy& entropy_;
    std::span<SecureStream> places_;
    std::uint64_t frequency_;
    std::array<Entry, max_listeners> listeners_;
    std::size_t listener_count_ = 0;
    std::uint64_t second_began_ = 0;
    std::uint64_t lines_ = 0; // told in it
    std::uint64_t untold_ = 0;
    const SecureStream* turn_ = nullptr; // whose handshake goes on
    std::uint64_t turn_took_ = 0;        // so far,
    std::uint64_t handshake_ticks_ = 0;  // of all turns
    std::uint64_t turn_ended_ = 0;       // when it was worked at last
    std::uint64_t next_turn_ = 0;        // not before
};

} // namespace transom::secure
