// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <transom/base/address.hpp>

// What of a granule has changed since an earlier copy of it, as a page_delta record says it: a bit for each line, then the lines whose bits
// are on.

namespace transom::migrate {

constexpr Bytes delta_line = 128;

/// Of the bits: whole doublewords.
constexpr std::size_t delta_bits_size(Bytes granule) { return (granule / delta_line + 63) / 64 * 8; }

/// The bytes at the beginning of `out` that make `to` of `from`, which is as long. 0: it would take more than `out` has.
std::size_t make_delta(std::span<const std::byte> from, std::span<const std::byte> to, std::span<std::byte> out);

/// Whether it is as long as its bits say, and has none for lines that a granule of that size does not have.
bool is_sound_delta(std::span<const std::byte> delta, Bytes granule);

/// Puts the lines of a sound one in their places.
void apply_delta(std::span<const std::byte> delta, std::span<std::byte> granule);

} // namespace transom::migrate
