// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <transom/secure/secure_network.hpp>
#include <transom/secure/secure_stream.hpp>
#include <utility>

// What its user asks for, and what the connection below tells. What follows from that is in secure_stream_steps.cpp.

namespace transom::secure {

using net::CloseReason;

namespace {

constexpr std::uint8_t protocol_version = 70; // RFC 5246 7.2

/// Whether a record of TLS may begin so. RFC 5246 6.2.1: its type, none of which is a character.
bool is_record(std::span<const std::byte> bytes) {
    constexpr std::byte change_cipher_spec{20}, application_data{23};
    return bytes.empty() || (bytes.front() >= change_cipher_spec && bytes.front() <= application_data);
}

} // namespace

void SecureStream::adopt(SecureNetwork& network, Tls::Role role, std::span<const std::byte, seed_size> entropy) {
    network_ = &network;
    began_ = network.now();
    excused_ = 0;
    allowance_ = record_allowance;
    tls_.begin(role, network.identity(), entropy);
}

void SecureStream::adopt_connecting(net::ByteStream& below, net::StreamHandler& handler) {
    state_ = State::connecting;
    below_ = &below;
    handler_ = &handler;
    peer_ = below.peer();
}

net::StreamHandler& SecureStream::adopt_accepted(net::ByteStream& below, net::Listener& listener) {
    state_ = State::shaking;
    below_ = &below;
    listener_ = &listener;
    peer_ = below.peer();
    return *this;
}

// --- the user's calls

std::size_t SecureStream::send(std::span<const std::byte> bytes) {
    if (state_ != State::open)
        return 0;
    std::size_t accepted = 0;
    while (accepted < bytes.size()) {
        const std::span<std::byte> room = tls_.plaintext_out();
        if (room.empty())
            break;
        const std::size_t n = std::min(room.size(), bytes.size() - accepted);
        std::memcpy(room.data(), bytes.data() + accepted, n);
        tls_.wrote(n);
        accepted += n;
        unsealed_ = true;
        push(); // a record that is full
    }
    wants_room_ = accepted < bytes.size();
    return accepted;
}

std::size_t SecureStream::send_space() const {
    if (state_ != State::open)
        return 0;
    const std::size_t first = const_cast<Tls&>(tls_).plaintext_out().size(); // NOLINT: BearSSL's call changes nothing
    const std::size_t below = below_->send_space();
    constexpr std::size_t whole = record_size + record_overhead;
    // The record that is being filled must go before another one is begun.
    return first == 0 ? 0 : first + below / whole * record_size;
}

void SecureStream::resume_receive() {
    if (state_ != State::open)
        return;
    resumed_ = true;
    below_->resume_receive();
}

void SecureStream::close() {
    if (state_ != State::open)
        return abort();
    ++use_;
    handler_ = nullptr;
    state_ = State::closing;
    began_ = network_->now();
    excused_ = 0;
    tls_.close();
    push();
    finish_closing();
}

void SecureStream::abort() {
    if (below_ != nullptr)
        below_->abort();
    release();
}

// --- the connection below

void SecureStream::connected() {
    state_ = State::shaking;
    began_ = network_->now();
    push();
}

std::size_t SecureStream::received(std::span<const std::byte> bytes) {
    if (state_ == State::closing)
        return bytes.size();
    if (!std::exchange(has_spoken_, true) && listener_ != nullptr && !is_record(bytes)) {
        fail({CloseReason::insecure, "does not speak TLS, and nothing is said here without it", protocol_version});
        return bytes.size();
    }
    if (state_ != State::shaking)
        return take(bytes);
    const std::uint64_t began = network_->now();
    if (waits_for_turn())
        excused_ += began - held_since_;
    const std::size_t taken = take(bytes);
    const std::uint64_t ended = network_->now();
    network_->worked(*this, began, ended);
    excused_ += ended - began;
    held_since_ = ended;
    return taken;
}

/// Handshakes take turns, so that several of them do not keep the processor from everybody else; a piece goes in each.
bool SecureStream::may_shake(std::uint64_t began, bool first) {
    return state_ != State::shaking ||
           (network_->has_turn(*this) && (first || network_->now() - began < network_->turn_limit()));
}

/// While something is held, one byte at least is left with the connection below, though it may have been taken: so that it is offered
/// again when it should be, and that the end does not come first.
std::size_t SecureStream::take(std::span<const std::byte> bytes) {
    const std::uint64_t began = network_->now();
    hold_ = Hold::none;
    std::size_t taken = std::exchange(repeated_, 0);
    for (bool first = true;; first = false) {
        if (!settle())
            return bytes.size();
        if (hold_ != Hold::none || taken == bytes.size())
            break;
        const std::span<std::byte> room = tls_.transport_in();
        if (room.empty() || allowance_ == 0 || !may_shake(began, first)) {
            hold_ = room.empty() ? Hold::words : Hold::round;
            break;
        }
        const std::size_t piece = state_ == State::shaking ? std::min(handshake_piece, allowance_) : allowance_;
        const std::size_t n = std::min({room.size(), bytes.size() - taken, piece});
        std::memcpy(room.data(), bytes.data() + taken, n);
        tls_.took_in(n);
        taken += n;
        allowance_ -= n;
    }
    flush();
    if (hold_ != Hold::none && taken == bytes.size() && taken != 0) {
        repeated_ = 1;
        --taken;
    }
    return taken;
}

void SecureStream::sent() {
    if (state_ == State::closing) {
        push();
        return finish_closing();
    }
    if (!settle())
        return;
    if (hold_ == Hold::words)
        below_->resume_receive();
    if (state_ == State::open)
        tell_of_room();
    if (state_ == State::open)
        flush();
}

void SecureStream::closed(CloseReason reason) {
    below_ = nullptr;
    if (state_ == State::closing)
        return release();
    if (state_ == State::shaking &&
        (has_spoken_ || listener_ == nullptr)) // who has not said a word may have looked whether we are there
        network_->tell(peer_, "hung up before it had shown who it is");
    // The end of a connection that nobody has sealed may be anybody's doing.
    end(state_ != State::connecting && reason == CloseReason::finished ? CloseReason::reset : reason);
}

} // namespace transom::secure
