// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

namespace transom::migrate {

/// Which pages are worth an attempt to compress them. Where page after page does not become smaller, most go untried: an attempt that fails
/// has cost time for nothing.
class CompressionChoice {
  public:
    static constexpr unsigned patience = 4;       // failures in a row until the first pause
    static constexpr unsigned longest_pause = 64; // pages

    /// Whether the next page is to be tried. If it is, `note` says what came of it.
    bool next() {
        if (pause_left_ == 0)
            return true;
        --pause_left_;
        return false;
    }
    void note(bool smaller) {
        failures_ = smaller ? 0 : failures_ + 1;
        if (failures_ < patience) {
            pause_ = 0;
            return;
        }
        pause_ = std::min(std::max(2 * pause_, patience), longest_pause);
        pause_left_ = pause_;
    }

  private:
    unsigned failures_ = 0;
    unsigned pause_ = 0;
    unsigned pause_left_ = 0;
};

} // namespace transom::migrate
