// SPDX-License-Identifier: Apache-2.0
// Accesses through the page table, and what they may end in.
#pragma once

#include "../common/spr.hpp"
#include "table.hpp"

namespace conform {

namespace dsisr {
constexpr std::uint64_t no_entry = 0x4000'0000, protection = 0x0800'0000, store = 0x0200'0000, key = 0x0020'0000;
}
namespace srr1 {
constexpr std::uint64_t no_entry = 0x4000'0000, no_execute = 0x1000'0000, fetch_causes = 0x5820'0000;
}

struct Loaded {
    guest::Fault fault; // vector 0: none was taken
    std::uint64_t value = 0;
};

inline Loaded load(std::uint64_t address) {
    Loaded loaded;
    loaded.fault = guest::guarded_load(address, loaded.value, guest::msr::dr);
    return loaded;
}

inline guest::Fault store(std::uint64_t address, std::uint64_t value) {
    return guest::guarded_store(address, value, guest::msr::dr);
}

/// Goes to the address with instruction and data translation on, interrupts off.
inline guest::Fault execute(std::uint64_t address) {
    using namespace guest::msr;
    return guest::guarded_execute(address, sf | me | ir | dr | le, 0);
}

/// The same memory without translation.
inline std::uint64_t real_load(const std::uint64_t* at) { return *const_cast<const volatile std::uint64_t*>(at); }
inline void real_store(std::uint64_t* at, std::uint64_t value) { *const_cast<volatile std::uint64_t*>(at) = value; }

/// A scratch page that begins with two instructions.
inline std::uint64_t* code_page(std::uint32_t first, std::uint32_t second) {
    auto* code = scratch(12);
    real_store(code, std::uint64_t{second} << 32 | first);
    asm volatile("dcbst 0, %0\n sync\n icbi 0, %0\n isync" : : "r"(code) : "memory");
    return code;
}

namespace instruction {
constexpr std::uint32_t trap = 0x7fe0'0008, sc_0 = 0x4400'0002, sc_1 = 0x4400'0022;
}

inline std::uint64_t* trap_page() { return code_page(instruction::trap, instruction::trap); }

/// Enters a page of 4 KiB into its primary group, sets its segment in the segment lookaside buffer, and answers its slot.
inline std::uint64_t map(Context& context, const Segment& segment, std::uint64_t address, const std::uint64_t* memory,
                         std::uint64_t pp = entry::pp_both) {
    const auto real = reinterpret_cast<std::uint64_t>(memory);
    const auto answer = enter(context, 0, group_of(context, segment, address), make_entry(segment, address, real, pp));
    if (answer.status != status::success)
        context.status("enter", answer.status, status::success);
    set_segment(segment, 1);
    return answer.r(4);
}

inline void expect_data_fault(Context& context, const guest::Fault& fault, std::uint64_t address, std::uint64_t cause) {
    context.value("vector", fault.vector, 0x300);
    context.value("dar", fault.dar, address);
    context.value("dsisr", fault.dsisr, cause);
}

} // namespace conform
