// SPDX-License-Identifier: Apache-2.0
#include "random.hpp"

#include <array>

namespace guest {

std::uint64_t hostile_argument(Random& random, std::uint64_t slots, std::uint64_t memory) {
    const std::array<std::uint64_t, 16> values = {0,
                                                  1,
                                                  7,
                                                  0x7f,
                                                  slots - 1,
                                                  slots,
                                                  slots + 7,
                                                  memory - 1,
                                                  memory,
                                                  memory + 0x10000,
                                                  0x7fff'ffff,
                                                  0xffff'ffff,
                                                  std::uint64_t{1} << 32,
                                                  std::uint64_t{1} << 60,
                                                  std::uint64_t{1} << 63,
                                                  ~std::uint64_t{0}};
    const auto value = random.any_of(values);
    return random.one_in(3) ? value ^ std::uint64_t{1} << random.below(64) : value;
}

} // namespace guest
