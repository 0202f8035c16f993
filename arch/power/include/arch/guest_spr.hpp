// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/partition/registers.hpp>

namespace arch {

/// Special purpose registers of the virtual processor that is inside the partition on this processor: they live in the
/// machine until it leaves. `index` is that of partition::spr_list.
template <std::size_t index> std::uint64_t read_guest_spr(const transom::partition::Registers&) {
    std::uint64_t value;
    asm volatile("mfspr %0, %1" : "=r"(value) : "i"(transom::partition::spr_list[index].number));
    return value;
}

template <std::size_t index> void write_guest_spr(transom::partition::Registers&, std::uint64_t value) {
    asm volatile("mtspr %1, %0" ::"r"(value), "i"(transom::partition::spr_list[index].written_as));
}

} // namespace arch
