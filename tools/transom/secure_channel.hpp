// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "failure.hpp"
#include "file_descriptor.hpp"
#include "machine_keys.hpp"

#include <span>
#include <string_view>
#include <transom/secure/tls.hpp>

namespace transom::tool {

/// The other end will never let us in: another attempt has no sense.
struct Refused : Failure {
    using Failure::Failure;
};

/// A connection with TLS inside, by the code that the machine has, over a socket that does not block. Nothing here waits: who uses it polls
/// socket() for what it wants.
class SecureChannel {
  public:
    /// Over a socket that is connected.
    SecureChannel(FileDescriptor socket, const OperatorKeys& keys);
    SecureChannel(const SecureChannel&) = delete;
    /// Tells the other end that no more will come.
    ~SecureChannel();

    int socket() const { return socket_.get(); }
    /// Whether both ends know each other.
    bool established() const { return established_; }
    /// The other end has said that no more comes; it hears no more either.
    bool has_ended() const { return ended_; }
    /// Whether anything has come yet.
    bool has_heard() const { return heard_; }
    /// Whether something waits to be sent.
    bool wants_to_send() const { return !ended_ && !tls_.transport_out().empty(); }
    /// Whether something has come that read() answers at once.
    bool has_more() const { return !tls_.plaintext_in().empty(); }

    /// Sends what waits and takes what has come, as far as that goes. Throws Refused where the other end is not, or does not take us for, who it
    /// should be; Failure where the connection breaks.
    void work();
    /// As read(2): bytes, 0 when the other end has said that no more comes, or -1 with errno EAGAIN. Throws as work() does.
    ssize_t read(std::span<char> block);
    /// How many bytes were taken; they are on their way, or wait to be sent.
    std::size_t write(std::string_view bytes);

  private:
    bool send_some();
    bool receive_some();
    void check();

    FileDescriptor socket_;
    secure::Identity identity_;
    secure::Tls tls_;
    bool heard_ = false;
    bool established_ = false;
    bool ended_ = false; // the other end has said so
};

} // namespace transom::tool
