// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/base/address.hpp>
#include <transom/migrate/limits.hpp>
#include <transom/migrate/write_curve.hpp>

namespace transom::migrate {

/// Whether a move gets on before its partition is stopped: a step of it is done, or so much memory has gone. That the other side lives
/// is not enough, and neither is that a few bytes go.
class GettingOn {
  public:
    /// A step is done, or ours is the next one. `gone`: bytes of memory so far, however few of the stream they took.
    void restart(Ticks now, Bytes gone) {
        since_ = now;
        gone_ = gone;
    }
    /// To be called again and again.
    bool is_stuck(Ticks now, Bytes gone, Ticks limit) {
        if (gone - gone_ >= stuck_least)
            restart(now, gone);
        return now - since_ >= limit;
    }

  private:
    Ticks since_ = 0;
    Bytes gone_ = 0;
};

} // namespace transom::migrate
