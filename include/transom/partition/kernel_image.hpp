// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <transom/base/address.hpp>
#include <transom/memory/logical_memory.hpp>

namespace transom::partition {

/// Why a file cannot be loaded as a partition's kernel.
enum class KernelError : std::uint8_t {
    no_elf,         // does not begin like an ELF file, or is cut off within its header
    other_class,    // no 64-bit one
    other_machine,  // not for PowerPC 64-bit
    not_executable, // an object file or a core dump
    malformed,      // its own offsets and sizes do not hold
    nothing_to_load,
    does_not_fit, // a segment lies outside the partition's memory
    overlapping,  // they are larger together than it
    no_entry,     // the entry point is in none of its segments
    missing,      // the partition's memory is not here
};

/// The rest of a line that begins with the kernel's name.
std::string_view describe(KernelError error);

struct LoadedKernel {
    LogicalAddr entry;
    LogicalRange extent; // from the lowest to the highest byte loaded or cleared
};

/// Looks whether a file is an ELF64 executable of either byte order that fits into so much memory. System V ABI chapters 4 and 5;
/// e_machine 21.
std::expected<LoadedKernel, KernelError> check_kernel(std::span<const std::byte> image, Bytes memory);

/// How far a kernel has been loaded.
struct KernelCursor {
    unsigned header = 0; // the program header whose segment is next,
    Bytes done = 0;      // and how much of that is done
};

/// Loads the next part of a kernel that check_kernel() has found sound, up to so many bytes: each PT_LOAD segment to its physical
/// address, its rest zeroed. False: that was all.
std::expected<bool, KernelError> load_part(std::span<const std::byte> image, memory::LogicalMemory& memory,
                                           KernelCursor& cursor, Bytes at_most);

} // namespace transom::partition
