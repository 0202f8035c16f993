// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace arch {

/// The calling processor begins to load the state of a partition's virtual processor: from now on it may execute instructions
/// of that partition, and rendezvous() waits for it.
void begin_inside(std::uint32_t lpid);
/// Its registers are all out again.
void end_inside();

} // namespace arch
