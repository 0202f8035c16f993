// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace transom {

/// The mask of bit `n` of a doubleword as the Power ISA numbers them: bit 0 is the most significant.
constexpr std::uint64_t ibm_bit(unsigned n) { return std::uint64_t{1} << (63 - n); }

/// The mask of bits `first` to `last`, both included, in the Power ISA's numbering.
constexpr std::uint64_t ibm_mask(unsigned first, unsigned last) {
    return (~std::uint64_t{0} >> first) & (~std::uint64_t{0} << (63 - last));
}

/// The value of bits `first` to `last`, shifted down.
constexpr std::uint64_t ibm_field(std::uint64_t word, unsigned first, unsigned last) {
    return (word & ibm_mask(first, last)) >> (63 - last);
}

} // namespace transom
