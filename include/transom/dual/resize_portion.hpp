// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

namespace transom::dual {

/// What resizes of page tables may zero, copy or fold in one round of the attendant: one portion, of whichever partition. However many of
/// them resize, a round takes no longer.
class ResizePortion {
  public:
    /// False: somebody has had it, and who asks goes on in another round.
    [[nodiscard]] bool take() { return std::exchange(left_, false); }
    bool left() const { return left_; }

  private:
    bool left_ = true;
};

} // namespace transom::dual
