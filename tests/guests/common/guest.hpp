// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "interrupt.hpp"
#include "line.hpp"
#include "tree.hpp"

#include <string_view>

namespace guest {

/// What the guest was given.
struct Machine {
    const Tree* tree = nullptr;
    std::uint64_t memory = 0;                       // bytes, from address 0
    std::uint64_t timebase_frequency = 512'000'000; // Hz
    std::uint32_t table_shift = 18;                 // log2 of the bytes of the hashed page table
};

/// Each guest's own part; the partition is powered off when it returns.
void guest_main(const Machine& machine);

/// One line that says why, then power-off.
[[noreturn]] void bail_out(std::string_view why);
/// The same for an unexpected interrupt; `where` follows " in ".
[[noreturn]] void bail_out(const InterruptFrame& frame, std::string_view where);

void describe(Line& line, const InterruptFrame& frame);
/// "pvr=.. memory=.. pft-shift=..".
void describe(Line& line, const Machine& machine);

} // namespace guest
