// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/net/stack.hpp>
#include <transom/partition/dispatcher.hpp>

namespace transom::net {

/// Polls the network from the dispatcher. The cards interrupt nobody: how soon the next poll is due follows how long ago the
/// last frame came.
class NetworkTask final : public partition::Task {
  public:
    explicit NetworkTask(Stack& stack) : stack_(stack) {}

    std::uint64_t run() override;

  private:
    Stack& stack_;
    std::uint64_t last_frame_ = 0; // time base
};

} // namespace transom::net
