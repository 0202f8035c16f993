// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "firmware_log.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace transom::tool {

using Clock = std::chrono::steady_clock;

struct TimedLine {
    Clock::time_point at; ///< when its last byte arrived
    std::string text;
};

/// Takes the streams of a machine's serial console apart: the hypervisor's log lines ("transom: ...", which may start in the
/// middle of a partition's line), the firmware's, which are left out, and the bytes of the partition's terminal.
class ConsoleFilter {
  public:
    void feed(Clock::time_point at, std::string_view bytes);

    /// The terminal's bytes, carriage returns left out.
    const std::string& terminal() const { return terminal_; }
    const std::vector<TimedLine>& log() const { return log_; }
    /// For whoever wants the log only.
    void forget_terminal() {
        terminal_.clear();
        arrivals_.clear();
    }
    /// When the byte at `offset` of terminal() arrived.
    Clock::time_point arrival(std::size_t offset) const;

  private:
    struct Arrival {
        std::size_t offset;
        Clock::time_point at;
    };

    void to_terminal(Clock::time_point at, std::string_view bytes);

    FirmwareLogFilter firmware_;
    std::string terminal_;
    std::vector<Arrival> arrivals_;
    std::vector<TimedLine> log_;
    std::size_t matched_ = 0; ///< bytes of the log prefix seen so far
    bool in_log_ = false;
    std::string log_line_;
};

} // namespace transom::tool
