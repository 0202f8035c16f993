// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

namespace transom::dual {

/// How much of a processor that others want the sweep of a drain takes: little at first, and after a few seconds what it needs (R21, R22).
/// Times are ticks of the time base.
class DrainPace {
  public:
    /// `frequency`: ticks in a second.
    explicit DrainPace(std::uint64_t frequency) : frequency_(frequency) {}

    /// Hundredths of the processor, so long after the drain began.
    unsigned share(std::uint64_t since) const {
        const std::uint64_t seconds = since / frequency_;
        return seconds >= seconds_to_all ? 100 : usual_share << seconds;
    }
    /// How long it may take in one go, between two turns of virtual processors: they are as long as these can be on the processor that does
    /// the hypervisor's work, so that its share can be had.
    std::uint64_t at_once(std::uint64_t since) const {
        const std::uint64_t turn = frequency_ / 1000;
        const unsigned part = share(since);
        return part == 100 ? 10 * turn : turn * part / (100 - part);
    }
    bool due(std::uint64_t now) const { return until(now) == 0; }
    std::uint64_t until(std::uint64_t now) const {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(static_cast<std::int64_t>(next_ - now), 0));
    }
    /// A portion was gone through from `begin` to `end`, of a drain that began at `since`.
    void took(std::uint64_t begin, std::uint64_t end, std::uint64_t since) {
        const unsigned part = share(end - since);
        next_ = end + (end - begin) * (100 - part) / part;
    }

  private:
    static constexpr unsigned usual_share = 2;
    static constexpr std::uint64_t seconds_to_all = 6; // each doubles it

    std::uint64_t frequency_;
    std::uint64_t next_ = 0;
};

} // namespace transom::dual
