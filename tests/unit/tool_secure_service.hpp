// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "file_descriptor.hpp"
#include "machine_keys.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <transom/secure/tls.hpp>
#include <vector>

namespace transom::tool {

/// A machine and an operator that know each other.
struct KnownPair {
    MachineKeys machine{fresh_private_key(), {}, {}};
    OperatorKeys keys = fresh_operator(machine);
};

/// The machine's end of a management connection, which waits for what it reads.
class ServedConnection {
  public:
    ServedConnection(FileDescriptor socket, const MachineKeys& keys) : socket_(std::move(socket)) {
        if (!identity_.set_own(keys.own))
            throw std::runtime_error("no key");
        for (const secure::PublicKey& each : keys.operators)
            if (!identity_.add_peer(each))
                throw std::runtime_error("too many keys");
        const auto seed = random_bytes(secure::seed_size);
        tls_.begin(secure::Tls::Role::acceptor, identity_, std::span<const std::byte, secure::seed_size>(seed));
    }
    /// False: the other end has gone, or is nobody that is known.
    bool shake() {
        while (tls_.error() == 0 && !(tls_.established() && !tls_.plaintext_out().empty()))
            if (!carry())
                return false;
        if (tls_.error() != 0) {
            const auto alert = tls_.alert(42); // RFC 5246 7.2.2: bad_certificate
            ::send(socket_.get(), alert.data(), alert.size(), MSG_NOSIGNAL);
            std::array<char, 512>
                rest; // what is not read would make the system reset the connection before it is heard
            shutdown(socket_.get(), SHUT_WR);
            while (recv(socket_.get(), rest.data(), rest.size(), 0) > 0) {}
        }
        return tls_.error() == 0;
    }
    /// Without its end; nothing where no more lines come.
    std::optional<std::string> line() {
        for (;;) {
            if (const auto end = heard_.find('\n'); end != std::string::npos) {
                const std::string result = heard_.substr(0, end);
                heard_.erase(0, end + 1);
                return result;
            }
            const auto plain = tls_.plaintext_in();
            if (!plain.empty()) {
                heard_.append(reinterpret_cast<const char*>(plain.data()), plain.size());
                tls_.consumed(plain.size());
            } else if (tls_.error() != 0 || tls_.peer_closed() || !carry()) {
                return std::nullopt;
            }
        }
    }
    void say(std::string_view text) {
        while (!text.empty()) {
            const auto room = tls_.plaintext_out();
            if (room.empty())
                return;
            const std::size_t n = std::min(room.size(), text.size());
            std::memcpy(room.data(), text.data(), n);
            tls_.wrote(n);
            tls_.seal();
            text.remove_prefix(n);
            flush();
        }
    }
    /// As a machine ends a connection, and not as one that breaks.
    void close() {
        tls_.close();
        flush();
    }
    const FileDescriptor& socket() const { return socket_; }

  private:
    void flush() {
        for (auto out = tls_.transport_out(); !out.empty(); out = tls_.transport_out()) {
            const ssize_t n = ::send(socket_.get(), out.data(), out.size(), MSG_NOSIGNAL);
            if (n <= 0)
                return;
            tls_.took_out(static_cast<std::size_t>(n));
        }
    }
    /// Bytes either way; false: no more come.
    bool carry() {
        flush();
        const auto room = tls_.transport_in();
        if (room.empty())
            return tls_.error() == 0 && !tls_.transport_out().empty();
        const ssize_t n = recv(socket_.get(), room.data(), room.size(), 0);
        if (n > 0)
            tls_.took_in(static_cast<std::size_t>(n));
        flush();
        return n > 0;
    }

    FileDescriptor socket_;
    secure::Identity identity_;
    secure::Tls tls_;
    std::string heard_;
};

/// Listens at a port of 127.0.0.1.
class LocalListener {
  public:
    LocalListener() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), length);
        listen(socket_.get(), 4);
        getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length);
        port_ = ntohs(address.sin_port);
    }
    std::uint16_t port() const { return port_; }
    /// None once it has been stopped.
    FileDescriptor accept() { return FileDescriptor(::accept(socket_.get(), nullptr, nullptr)); }
    void stop() { shutdown(socket_.get(), SHUT_RDWR); }

  private:
    FileDescriptor socket_;
    std::uint16_t port_ = 0;
};

} // namespace transom::tool
