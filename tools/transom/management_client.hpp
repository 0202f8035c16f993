// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "console_filter.hpp"
#include "endpoint.hpp"
#include "management_answer.hpp"
#include "secure_channel.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace transom::tool {

/// An operator's connection to a machine's management service (docs/manage.md).
class ManagementClient {
  public:
    /// Connects and says hello until an answer comes: the machine may still be starting, and QEMU accepts connections for
    /// it before it does. `still_there` is called in between; it throws if waiting has no sense any more. Throws Refused at once where the
    /// machine and the operator do not know each other.
    ManagementClient(const Endpoint& endpoint, const OperatorKeys& keys, Clock::time_point until,
                     const std::function<void()>& still_there);
    /// The same through QEMU's port forwarding.
    ManagementClient(std::uint16_t port, const OperatorKeys& keys, Clock::time_point until,
                     const std::function<void()>& still_there)
        : ManagementClient(Endpoint{"127.0.0.1", port}, keys, until, still_there) {}

    /// What the service said about itself.
    const Fields& hello() const { return hello_; }

    /// Throws Failure when no answer comes in time or the connection breaks; an answer `error ...` is an answer.
    Answer request(std::string_view line, std::chrono::milliseconds timeout = std::chrono::seconds(20));
    /// The same for what takes as long as it takes: waits for as long as the connection lives, and calls `waits` in every interval.
    Answer request_patiently(std::string_view line, std::chrono::milliseconds interval,
                             const std::function<void()>& waits);
    /// The same as request(), but an answer `error ...` throws Failure too.
    Answer demand(std::string_view line, std::chrono::milliseconds timeout = std::chrono::seconds(20));

    /// A request after which the service asks for `bytes`. `sent` is told how many have gone.
    Answer upload(std::string_view line, std::span<const std::byte> bytes,
                  const std::function<void(std::size_t)>& sent);
    /// A request whose answer is told line by line, as it comes: each within the limit, or for as long as the connection lives where there is
    /// none. Whether it is `ok`.
    bool relay(std::string_view line, std::optional<std::chrono::milliseconds> limit,
               const std::function<void(std::string_view)>& tell);
    /// What a connection that is a terminal now is reached by, and what came behind the answer.
    SecureChannel& channel() { return *channel_; }
    const std::string& received() const { return received_; }

  private:
    bool connect(const Endpoint& endpoint, const OperatorKeys& keys, Clock::time_point until);
    void send(std::string_view text, Clock::time_point until);
    Answer exchange(std::string_view line, Clock::time_point until);
    std::string read_line(Clock::time_point until);
    std::string read_line(std::chrono::milliseconds interval, const std::function<void()>& waits);
    std::optional<std::string> take_line();
    void receive();
    bool wait(short events, Clock::time_point until);

    std::unique_ptr<SecureChannel> channel_;
    std::string received_;
    Fields hello_;
};

} // namespace transom::tool
