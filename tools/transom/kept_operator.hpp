// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "endpoint.hpp"
#include "file_descriptor.hpp"
#include "machine_keys.hpp"

#include <filesystem>
#include <optional>
#include <vector>

namespace transom::tool {

/// Where keys are kept, a directory that only this user can enter: `run` in the cache. What systemd makes for a session ends with it, and
/// machines that run in a terminal of their own do not.
std::filesystem::path kept_keys_directory();

/// Keys of who gives orders to a machine that a command has started on this host, in a file for as long as that runs: this user's other
/// commands find them by the port.
class KeptOperator {
  public:
    /// Throws Failure where they cannot be kept for their owner's eyes only, or another command keeps some for that port. What killed
    /// commands have left is removed.
    KeptOperator(std::uint16_t port, const OperatorKeys& keys);
    KeptOperator(const KeptOperator&) = delete;
    ~KeptOperator();

  private:
    std::filesystem::path file_;
    FileDescriptor lock_; // goes with its process
};

/// Ports of this host for whose machines keys are kept by commands that run; in order.
std::vector<std::uint16_t> kept_ports();

/// Nothing where none are kept for that port of this host.
std::optional<OperatorKeys> kept_operator(const Endpoint& endpoint);

} // namespace transom::tool
