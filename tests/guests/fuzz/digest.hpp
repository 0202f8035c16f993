// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../common/random.hpp"

namespace fuzz {

/// A chain: equal only if everything that was added is equal and came in the same order.
class Digest {
  public:
    void add(std::uint64_t word) { value_ = guest::mix((value_ << 7 | value_ >> 57) ^ word) + 0x9e37'79b9'7f4a'7c15; }
    std::uint64_t value() const { return value_; }

  private:
    std::uint64_t value_ = 0;
};

} // namespace fuzz
