// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/secure/secure_network.hpp>
#include <transom/secure/secure_stream.hpp>
#include <utility>

// What its user and the connection below make possible: the handshake, what was said either way, the end.

namespace transom::secure {

using net::CloseReason;

void SecureStream::push() {
    std::span<const std::byte> bytes = tls_.transport_out();
    while (!bytes.empty()) {
        const std::size_t taken = below_->send(bytes);
        if (taken == 0)
            break;
        has_answered_ = true;
        if (state_ == State::closing)
            began_ = network_->now(); // the peer reads, though slowly
        tls_.took_out(taken);
        bytes = tls_.transport_out();
    }
    waiting_ = !bytes.empty();
}

void SecureStream::flush() {
    if (unsealed_)
        tls_.seal();
    unsealed_ = false;
    push();
}

/// The handler hears of it once in a round; of what comes after that by the next one.
void SecureStream::tell_of_room() {
    if (tls_.plaintext_out().empty())
        return;
    wants_room_ = told_of_room_;
    if (told_of_room_)
        return;
    told_of_room_ = true;
    handler_->sent();
}

bool SecureStream::begin_round(std::size_t open) {
    allowance_ = record_allowance * std::max<std::size_t>(1, records_in_a_round / std::max<std::size_t>(1, open));
    told_of_room_ = false;
    const bool resumed = std::exchange(resumed_, false);
    if (hold_ != Hold::round || (state_ == State::shaking && !network_->has_turn(*this)))
        return resumed;
    below_->resume_receive();
    return true;
}

void SecureStream::work() {
    flush();
    if (!wants_room_)
        return;
    tell_of_room(); // nobody below will say that there is
    if (state_ == State::open)
        flush();
}

/// Does what has become possible. False: its user is gone, or was told that it is over.
bool SecureStream::settle() {
    if (tls_.error() == 0)
        push(); // which goes on with the handshake
    if (tls_.error() != 0) {
        fail(refusal_of(tls_.error(), state_ == State::open));
        return false;
    }
    if (state_ == State::shaking && tls_.established() && !tls_.plaintext_out().empty() && !establish())
        return false;
    if (state_ == State::open && hold_ == Hold::none && !deliver())
        return false;
    if (hold_ == Hold::none && tls_.peer_closed()) {
        finish();
        return false;
    }
    return true;
}

bool SecureStream::establish() {
    const std::uint32_t use = use_;
    state_ = State::open;
    below_->admit();
    if (listener_ == nullptr) {
        handler_->connected();
        return use == use_;
    }
    net::StreamHandler* const handler = listener_->accepted(*this);
    if (use != use_)
        return false;
    handler_ = handler;
    if (handler == nullptr)
        abort();
    return handler != nullptr;
}

bool SecureStream::deliver() {
    const std::uint32_t use = use_;
    for (auto plain = tls_.plaintext_in(); !plain.empty() && hold_ == Hold::none; plain = tls_.plaintext_in()) {
        const std::size_t consumed = std::min(handler_->received(plain), plain.size());
        if (use != use_)
            return false;
        if (consumed < plain.size())
            hold_ = Hold::handler;
        if (consumed != 0)
            tls_.consumed(consumed);
    }
    return true;
}

/// The peer has said that it will say no more, and hears nothing any more: what the connection below has not taken by now is lost.
void SecureStream::finish() {
    if (state_ != State::open)
        return fail({CloseReason::insecure, "hung up before it had shown who it is"});
    const std::uint32_t use = use_;
    const bool wants_more = handler_->peer_finished();
    if (use != use_)
        return;
    std::exchange(below_, nullptr)->close();
    end(wants_more || waiting_ ? CloseReason::reset : CloseReason::finished);
}

void SecureStream::fail(const Refusal& refusal) {
    network_->tell(peer_, refusal.text);
    net::ByteStream& below = *std::exchange(below_, nullptr);
    bool told = refusal.told;
    if (refusal.alert != 0 && !waiting_) {
        const std::span<const std::byte> alert = tls_.alert(refusal.alert);
        told = below.send(alert) == alert.size();
    }
    if (told)
        below.close(); // what was said last still arrives
    else
        below.abort();
    end(refusal.reason);
}

void SecureStream::finish_closing() {
    if (!tls_.transport_out().empty())
        return;
    below_->close();
    release();
}

void SecureStream::expire() {
    if (state_ == State::closing)
        return abort();
    fail({CloseReason::insecure, "has not shown in time who it is"});
}

void SecureStream::drop() {
    below_->abort();
    end(CloseReason::insecure);
}

void SecureStream::end(CloseReason reason) {
    net::StreamHandler* const handler = handler_;
    release();
    if (handler != nullptr)
        handler->closed(reason);
}

void SecureStream::release() {
    ++use_;
    state_ = State::unused;
    below_ = nullptr;
    handler_ = nullptr;
    listener_ = nullptr;
    hold_ = Hold::none;
    unsealed_ = waiting_ = wants_room_ = told_of_room_ = resumed_ = has_spoken_ = has_answered_ = false;
    repeated_ = 0;
    tls_.wipe_all();
}

} // namespace transom::secure
