// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace guest {

/// Every bit of the result depends on every bit of the argument.
constexpr std::uint64_t mix(std::uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58'476d'1ce4'e5b9;
    x = (x ^ x >> 27) * 0x94d0'49bb'1331'11eb;
    return x ^ x >> 31;
}

/// The numbers of one sequence depend on the seed and the sequence's index only: others may be left out.
class Random {
  public:
    explicit Random(std::uint64_t seed, std::uint64_t index = 0) : x_(mix(seed + 1) ^ mix(~index)) {}

    std::uint64_t next() { return mix(x_ += 0x9e37'79b9'7f4a'7c15); }
    std::uint64_t below(std::uint64_t n) { return next() % n; }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    template <class List> auto any_of(const List& list) { return list[below(std::size(list))]; }

  private:
    std::uint64_t x_;
};

/// An argument that has been trouble somewhere: ends, edges, sign bits, wraps. `slots` has the hashed page table, `memory`
/// bytes the partition.
std::uint64_t hostile_argument(Random& random, std::uint64_t slots, std::uint64_t memory);

} // namespace guest
