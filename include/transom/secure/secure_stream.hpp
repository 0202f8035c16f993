// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <transom/net/byte_stream.hpp>
#include <transom/secure/refusal.hpp>
#include <transom/secure/tls.hpp>

namespace transom::secure {

class SecureNetwork;

/// What all connections together take in at most in one round, counted in whole records, as long as that is one for each; the rest waits for the
/// next. Each is decrypted, and its handler has it to work off, in one piece.
constexpr std::size_t records_in_a_round = 4;
/// Bytes of a handshake that are worked off at once: the ends of two messages which are answered by operations on a curve lie further apart.
constexpr std::size_t handshake_piece = 16;

/// A connection with TLS inside: a place of SecureNetwork's. To its user it is a ByteStream; below it uses another one, whose handler it is.
/// All its memory is in it (38 KB).
///
/// TLS 1.2 knows no half of an end: who closes hears nothing any more. A handler that has something to say when its peer has finished,
/// or has said something that has not gone out, is told that the connection is reset.
class SecureStream final : public net::ByteStream, private net::StreamHandler {
  public:
    SecureStream() = default;
    SecureStream(const SecureStream&) = delete;
    SecureStream& operator=(const SecureStream&) = delete;

    std::size_t send(std::span<const std::byte> bytes) override;
    std::size_t send_space() const override;
    void resume_receive() override;
    void close() override;
    void abort() override;
    void admit() override {} // who is not known never becomes one
    net::Ipv4Address peer() const override { return peer_; }
    net::PeerKey peer_key() const override { return tls_.peer_key(); }

  private:
    friend class SecureNetwork;

    enum class State : std::uint8_t {
        unused,
        connecting, // the connection below is
        shaking,    // hands
        open,
        closing, // its user is gone; what was accepted is still to be sent
    };
    /// Why bytes are left with the connection below; each reason ends in another way.
    enum class Hold : std::uint8_t {
        none,
        handler, // it has no room: until it resumes
        words,   // TLS has to say something before it hears more: until that has gone out
        round,   // it was enough: until the next one, or the next turn of its handshake
    };

    static constexpr std::size_t record_allowance = record_size + record_overhead;

    bool in_use() const { return state_ != State::unused; }
    /// Whether it takes a place without anybody having proved anything.
    bool half_open() const { return state_ == State::shaking && listener_ != nullptr; }
    /// Whether its peer, who has called, has said so much that there was an answer: a whole ClientHello.
    bool has_greeted() const { return has_answered_; }
    std::uint64_t began() const { return began_; }
    /// Time that a handshake took which is not its peer's: it was worked at, or waited for its turn. In ticks of the time base.
    std::uint64_t excused(std::uint64_t now) const { return excused_ + (waits_for_turn() ? now - held_since_ : 0); }
    /// Whether its handshake could go on.
    bool waits_for_turn() const { return state_ == State::shaking && hold_ == Hold::round; }

    void adopt(SecureNetwork& network, Tls::Role role, std::span<const std::byte, seed_size> entropy);
    void adopt_connecting(net::ByteStream& below, net::StreamHandler& handler);
    net::StreamHandler& adopt_accepted(net::ByteStream& below, net::Listener& listener);
    net::StreamHandler& below_handler() { return *this; }
    /// What was left for this round may come, a share of it where so many connections are open. True: it does, or what was held by the handler, so another round is wanted at once.
    bool begin_round(std::size_t open);
    /// Once in a round: sends what was accepted and is not a whole record.
    void work();
    /// The time for a handshake, or for the last bytes, has passed.
    void expire();
    void drop();

    // Of the connection below.
    void connected() override;
    std::size_t received(std::span<const std::byte> bytes) override;
    void sent() override;
    bool peer_finished() override { return state_ == State::closing; }
    void closed(net::CloseReason reason) override;

    std::size_t take(std::span<const std::byte> bytes);
    bool may_shake(std::uint64_t began, bool first);
    void push();
    void flush();
    void tell_of_room();
    bool settle();
    bool establish();
    bool deliver();
    void finish();
    void fail(const Refusal& refusal);
    void finish_closing();
    void end(net::CloseReason reason);
    void release();

    SecureNetwork* network_ = nullptr;
    net::ByteStream* below_ = nullptr;
    net::StreamHandler* handler_ = nullptr;
    net::Listener* listener_ = nullptr; // of an acceptor
    State state_ = State::unused;
    std::uint32_t use_ =
        0; // changes when its user is through with it: is it still who it was before the handler was called?
    net::Ipv4Address peer_{};
    std::uint64_t excused_ = 0;
    std::uint64_t held_since_ = 0; // where it waits for its turn
    bool has_spoken_ = false;      // a byte has come from its peer
    bool has_answered_ = false;    // a byte has gone to it
    std::uint64_t began_ = 0;      // the handshake; or, of the end, when bytes went out last. By the time base
    Hold hold_ = Hold::none;
    bool resumed_ = false;      // by the handler, since this round began
    std::size_t allowance_ = 0; // bytes that it still takes in this round
    std::size_t repeated_ = 0;  // bytes at the start of what is offered next that were taken already: 0 or 1
    bool unsealed_ = false;     // a record has been begun
    bool wants_room_ = false;   // send() accepted less than it was given
    bool told_of_room_ = false; // in this round
    bool waiting_ = false;      // a sealed record has not gone out, or not whole
    Tls tls_;
};

} // namespace transom::secure
