// SPDX-License-Identifier: Apache-2.0
#include "secure_channel.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <transom/secure/refusal.hpp>

namespace transom::tool {
namespace {

/// Each is a part of a record at least. What a hostile peer goes on saying must not keep us from looking at the time.
constexpr int rounds_at_once = 64;

[[noreturn]] void refuse(const secure::Refusal& refusal) {
    if (refusal.reason == net::CloseReason::unknown_here)
        throw Refused("the machine does not know this key: it was started for other operators' keys");
    if (refusal.reason == net::CloseReason::unknown_peer)
        throw Refused("what answers is not the machine that was meant: it has another key");
    fail("what answers {}", refusal.text);
}

} // namespace

SecureChannel::SecureChannel(FileDescriptor socket, const OperatorKeys& keys) : socket_(std::move(socket)) {
    if (!identity_.set_own(keys.own) || !identity_.add_peer(keys.machine))
        fail("this is no private key: make another one with transom key make");
    const auto seed = random_bytes(secure::seed_size);
    tls_.begin(secure::Tls::Role::connector, identity_, std::span<const std::byte, secure::seed_size>(seed));
}

SecureChannel::~SecureChannel() {
    if (tls_.error() == 0 && tls_.established()) {
        tls_.close();
        const auto out = tls_.transport_out();
        ::send(socket_.get(), out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    tls_.wipe_all();
}

/// True: something went.
bool SecureChannel::send_some() {
    const auto out = tls_.transport_out();
    if (out.empty())
        return false;
    const ssize_t n = ::send(socket_.get(), out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
        tls_.took_out(static_cast<std::size_t>(n));
    } else if (errno != EAGAIN && errno != EINTR) {
        const int error = errno;
        for (int round = 0; round < rounds_at_once && receive_some(); ++round) {} // why, perhaps
        fail("the connection broke: {}", std::strerror(error));
    }
    return n > 0;
}

/// True: something came.
bool SecureChannel::receive_some() {
    const auto room = tls_.transport_in();
    if (room.empty())
        return false;
    const ssize_t n = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (n > 0) {
        heard_ = true;
        tls_.took_in(static_cast<std::size_t>(n));
        check();
    } else if (n == 0) {
        fail("the connection was closed"); // by whom nobody can say
    } else if (errno != EAGAIN && errno != EINTR) {
        fail("the connection broke: {}", std::strerror(errno));
    }
    return n > 0;
}

/// Where something is wrong the other end is told, as it would tell us.
void SecureChannel::check() {
    if (tls_.error() != 0) {
        const secure::Refusal refusal = secure::refusal_of(tls_.error(), tls_.established());
        if (refusal.alert != 0) {
            const auto alert = tls_.alert(refusal.alert);
            ::send(socket_.get(), alert.data(), alert.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        refuse(refusal);
    }
    established_ = established_ || tls_.established();
    ended_ = ended_ || tls_.peer_closed();
    if (ended_ && !established_)
        fail("what answers hung up before it had shown who it is");
}

void SecureChannel::work() {
    if (tls_.error() != 0)
        fail("the connection is over");
    for (int round = 0; round < rounds_at_once && !ended_; ++round) {
        // What the other end has to say about us comes first: it may hear us no more.
        const bool received = receive_some();
        if (!ended_ && !send_some() && !received)
            return;
    }
}

ssize_t SecureChannel::read(std::span<char> block) {
    if (!has_more())
        work();
    const auto plain = tls_.plaintext_in();
    if (plain.empty()) {
        errno = EAGAIN;
        return ended_ ? 0 : -1;
    }
    const std::size_t n = std::min(plain.size(), block.size());
    std::memcpy(block.data(), plain.data(), n);
    tls_.consumed(n);
    return static_cast<ssize_t>(n);
}

std::size_t SecureChannel::write(std::string_view bytes) {
    std::size_t taken = 0;
    for (work(); taken < bytes.size() && !ended_; work()) {
        const auto room = tls_.plaintext_out();
        if (room.empty())
            break;
        const std::size_t n = std::min(room.size(), bytes.size() - taken);
        std::memcpy(room.data(), bytes.data() + taken, n);
        tls_.wrote(n);
        taken += n;
        tls_.seal();
    }
    return taken;
}

} // namespace transom::tool
