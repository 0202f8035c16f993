// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "identity_map.hpp"

namespace writer {

/// The memory that is stored to: all that neither the guest nor what the partition was given takes. Each page holds numbers made of its own,
/// which nothing compresses, and in each 4 KiB of it how often it was stored to; that is counted besides. Pages are numbered in an order
/// that has nothing to do with their addresses, so that the first so many of them lie all over the memory.
class Pages {
  public:
    static constexpr std::uint64_t most = 65536; ///< 4 GiB

    /// Finds them and fills them.
    void begin(const guest::Machine& machine);

    std::uint64_t count() const { return count_; }
    /// Counts one more store, in each 4 KiB of it. Adds to wrong() where the count before is not as it has to be.
    void store(std::uint64_t page);
    /// Looks at one of its counts.
    void look(std::uint64_t page, std::uint64_t which);
    /// Looks at all of it.
    void check(std::uint64_t page);

    std::uint64_t stores() const { return stores_; }
    /// Pages found otherwise than they had to be, each time.
    std::uint64_t wrong() const { return wrong_; }

  private:
    void find(const guest::Machine& machine);
    void shuffle();
    void fill(std::uint64_t page);
    void bad(std::uint64_t page, std::uint64_t word, std::uint64_t got, std::uint64_t expected);

    std::uint64_t count_ = 0, stores_ = 0, wrong_ = 0;
};

} // namespace writer
