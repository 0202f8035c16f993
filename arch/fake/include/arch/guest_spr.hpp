// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/partition/registers.hpp>

namespace arch {

/// On the fake machine a virtual processor's registers always live in its structure.
template <std::size_t index> std::uint64_t read_guest_spr(const transom::partition::Registers& registers) {
    return registers.spr[index];
}

template <std::size_t index> void write_guest_spr(transom::partition::Registers& registers, std::uint64_t value) {
    registers.spr[index] = value;
}

} // namespace arch
