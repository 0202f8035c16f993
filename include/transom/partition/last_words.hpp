// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <string_view>

namespace transom::partition {

/// What a partition's operating system says when it gives up (RTAS ibm,os-term), on its way to the log: the machine's own work takes it
/// there. Whoever says it again before that is not heard. Partition::devices is held while it is said.
class LastWords {
  public:
    static constexpr std::size_t longest = 160;

    void say(std::string_view text) {
        if (said_.load(std::memory_order_acquire))
            return;
        length_ = std::min(text.size(), text_.size());
        std::copy_n(text.data(), length_, text_.begin());
        said_.store(true, std::memory_order_release);
    }
    /// Gives what was said to `with`, if anything was. One at a time.
    template <class With> void take(With with) {
        if (!said_.load(std::memory_order_acquire))
            return;
        with(std::string_view(text_.data(), length_));
        said_.store(false, std::memory_order_release);
    }

  private:
    std::array<char, longest> text_{};
    std::size_t length_ = 0;
    std::atomic<bool> said_ = false;
};

} // namespace transom::partition
