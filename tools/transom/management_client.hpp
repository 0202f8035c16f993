// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "console_filter.hpp"
#include "file_descriptor.hpp"
#include "management_answer.hpp"

#include <functional>

namespace transom::tool {

/// A connection to a machine's management service (docs/manage.md), through QEMU's port forwarding.
class ManagementClient {
  public:
    /// Connects and says hello until an answer comes: the machine may still be starting, and QEMU accepts connections for
    /// it before it does. `still_there` is called in between; it throws if waiting has no sense any more.
    ManagementClient(std::uint16_t port, Clock::time_point until, const std::function<void()>& still_there);

    /// What the service said about itself.
    const Fields& hello() const { return hello_; }

    /// Throws Failure when no answer comes in time or the connection breaks; an answer `error ...` is an answer.
    Answer request(std::string_view line, std::chrono::milliseconds timeout = std::chrono::seconds(20));
    /// The same, but an answer `error ...` throws Failure too.
    Answer demand(std::string_view line, std::chrono::milliseconds timeout = std::chrono::seconds(20));

  private:
    bool connect(std::uint16_t port);
    void send(std::string_view text, Clock::time_point until);
    std::string read_line(Clock::time_point until);
    void wait(short events, Clock::time_point until);

    FileDescriptor socket_;
    std::string received_;
    Fields hello_;
};

} // namespace transom::tool
