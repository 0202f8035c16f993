// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/net/stack.hpp>
#include <transom/partition/dispatcher.hpp>

namespace transom::net {

/// The network, from the dispatcher. While frames come the cards are looked at in each round, and interrupt nobody; when none has
/// come they interrupt for the next one. Cards that cannot are polled: how soon again follows how long ago the last frame came.
class NetworkTask final : public partition::Task {
  public:
    explicit NetworkTask(Stack& stack) : stack_(stack) {}

    std::uint64_t run() override;

  private:
    void want_interrupts(bool wanted);
    std::uint64_t next_poll() const;

    Stack& stack_;
    bool interrupts_ = false;      // the cards are told to
    std::uint64_t last_frame_ = 0; // time base
};

} // namespace transom::net
