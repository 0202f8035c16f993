// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <transom/base/panic.hpp>
#include <transom/partition/registers.hpp>

/// Every way out of a partition, from entry.S. Whether to leave it (1) or go back in at once (0).
extern "C" std::uint64_t guest_exit(transom::partition::Registers*, std::uint64_t) {
    transom::panic("left a partition although none was entered");
}
