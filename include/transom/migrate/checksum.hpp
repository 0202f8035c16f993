// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace transom::migrate {

/// XXH64. Integer arithmetic only: it may run while a partition's FP and vector registers are in the machine.
std::uint64_t xxh64(std::span<const std::byte> bytes, std::uint64_t seed = 0);

} // namespace transom::migrate
