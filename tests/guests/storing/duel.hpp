// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tally.hpp"

#include "../common/page_table.hpp"

#include <atomic>

namespace storing {

/// A page that one processor stores to while the other one clears R and C of its entry. Stores are numbered, and said before and after: so it is
/// known of each clearing whether the bit has to be on, must not be on, or may be either.
class Duel {
  public:
    /// `page`: 4 KiB of memory. Enters it.
    void begin(const guest::Machine& machine, std::uint64_t page);
    /// Of both processors.
    void set_segment() const;
    /// Of the one that stores.
    void store();
    /// Of the other one. `choice`: which call.
    void clear(std::uint64_t choice);

  private:
    /// Since a bit was cleared last.
    struct Window {
        std::uint64_t begun = 0; ///< stores, when it had been cleared
        std::uint64_t done = 0;  ///< before it was
    };
    void look(Window& window, bool cleared, bool on, std::uint64_t done, std::uint64_t begun);

    std::uint64_t slot_ = 0, page_ = 0;
    std::atomic<std::uint64_t> begun_{0}, done_{0};
    Window referenced_, changed_;
};

} // namespace storing
