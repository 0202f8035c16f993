// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <transom/migrate/write_curve.hpp>

namespace transom::migrate {

/// Holds what is sent to so many bytes a second. What has gone is paid for in time before more goes; time in which nothing went is not
/// kept for later, but for a hundredth of a second.
class Pacer {
  public:
    /// Holds nothing.
    Pacer() = default;
    /// `frequency`: ticks in a second. 0 bytes a second: it holds nothing.
    Pacer(std::uint64_t bytes_per_second, Ticks frequency, Ticks now)
        : rate_(bytes_per_second), frequency_(frequency), free_at_(now) {}

    /// So many have gone, and those since the last time are nobody's affair.
    void skip(std::uint64_t sent) { paid_ = sent; }
    /// `sent`: bytes that have gone so far, ever; not fewer than the last time.
    bool may_send(Ticks now, std::uint64_t sent) {
        if (rate_ == 0)
            return true;
        const Ticks since = now - std::min(now, frequency_ / 100);
        const std::uint64_t owed = (sent - paid_) * frequency_ + rest_; // below 2^34 bytes, 2^30 ticks in a second
        paid_ = sent;
        rest_ = owed % rate_;
        free_at_ = std::max(free_at_, since) + owed / rate_;
        return free_at_ <= now;
    }

  private:
    std::uint64_t rate_ = 0;
    Ticks frequency_ = 0, free_at_ = 0;
    std::uint64_t paid_ = 0, rest_ = 0;
};

} // namespace transom::migrate
