// SPDX-License-Identifier: Apache-2.0
// All of the partition's memory at its own addresses, in pages of 64 KiB: the guest runs with data translation on.
#pragma once

#include "usage.hpp"

namespace storing {

constexpr std::uint64_t block_bytes = 65536;

/// Enters all blocks; those of [begin, end) with R and C off.
void map_memory(const guest::Machine& machine, std::uint64_t begin, std::uint64_t end);
/// Of each processor: its segments, and MSR[DR].
void turn_translation_on();

/// A block of memory that one processor uses, and its entry.
class Block {
  public:
    /// `index`: of all blocks of the memory.
    explicit Block(std::uint64_t index) : index_(index) {}

    /// Compares R and C with what they have to be, and does something to the entry that leaves it there, as `choice` says.
    void look(std::uint64_t choice);
    /// It has been stored to.
    void stored();

  private:
    std::uint64_t index_;
};

} // namespace storing
