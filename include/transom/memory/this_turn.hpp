// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace transom::memory {

/// What LogicalMemory::begin_turn() has noted for this processor: which closing of a block of its partition's memory there was when its turn
/// began; 0: none.
inline constinit thread_local std::uint64_t last_closing = 0;

} // namespace transom::memory
