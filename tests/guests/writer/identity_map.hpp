// SPDX-License-Identifier: Apache-2.0
// All of the partition's memory at its own addresses, in pages of 64 KiB of one segment of 1 TiB: the guest runs with data translation on.
#pragma once

#include "../common/guest.hpp"

namespace writer {

constexpr std::uint64_t page_bytes = 65536;

/// Enters all pages of the memory, and turns translation on.
void map_memory(const guest::Machine& machine);

} // namespace writer
