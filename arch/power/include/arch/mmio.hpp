// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <transom/base/address.hpp>
#include <transom/base/big_endian.hpp>

// Device registers, little-endian as PCI has them, at a real address. In hypervisor state the cache-inhibited forms (ISA 3.0B
// Book III 4.4.2); without it, as a partition of another hypervisor, the calls that PAPR has for this (LoPAR H_LOGICAL_CI_LOAD),
// whose values are big-endian.

namespace arch {

namespace detail {

inline bool hypervisor_state() {
    std::uint64_t msr;
    asm volatile("mfmsr %0" : "=r"(msr));
    return (msr >> 60 & 1) != 0;
}

inline std::uint64_t logical_ci_load(std::uint64_t size, std::uint64_t address) {
    register std::uint64_t r3 asm("r3") = 0x3c;
    register std::uint64_t r4 asm("r4") = size;
    register std::uint64_t r5 asm("r5") = address;
    asm volatile("sc 1"
                 : "+r"(r3), "+r"(r4), "+r"(r5)
                 :
                 : "memory", "r0", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "ctr", "xer", "cr0", "cr1", "cr5",
                   "cr6", "cr7");
    return r3 == 0 ? r4 : ~std::uint64_t{0};
}

inline void logical_ci_store(std::uint64_t size, std::uint64_t address, std::uint64_t value) {
    register std::uint64_t r3 asm("r3") = 0x40;
    register std::uint64_t r4 asm("r4") = size;
    register std::uint64_t r5 asm("r5") = address;
    register std::uint64_t r6 asm("r6") = value;
    asm volatile("sc 1"
                 : "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6)
                 :
                 : "memory", "r0", "r7", "r8", "r9", "r10", "r11", "r12", "ctr", "xer", "cr0", "cr1", "cr5", "cr6",
                   "cr7");
}

} // namespace detail

/// Loads a register, ordered before what follows. All ones where nothing answers.
template <std::unsigned_integral T> T mmio_load(transom::RealAddr address) {
    std::uint64_t value;
    if (!detail::hypervisor_state())
        return transom::byte_swap(static_cast<T>(detail::logical_ci_load(sizeof(T), address.value)));
    if constexpr (sizeof(T) == 1)
        asm volatile("sync; lbzcix %0, 0, %1; twi 0, %0, 0; isync" : "=r"(value) : "r"(address.value) : "memory");
    else if constexpr (sizeof(T) == 2)
        asm volatile("sync; lhzcix %0, 0, %1; twi 0, %0, 0; isync" : "=r"(value) : "r"(address.value) : "memory");
    else if constexpr (sizeof(T) == 4)
        asm volatile("sync; lwzcix %0, 0, %1; twi 0, %0, 0; isync" : "=r"(value) : "r"(address.value) : "memory");
    else
        asm volatile("sync; ldcix %0, 0, %1; twi 0, %0, 0; isync" : "=r"(value) : "r"(address.value) : "memory");
    return static_cast<T>(value);
}

/// Stores to a register after everything that was stored to memory before.
template <std::unsigned_integral T> void mmio_store(transom::RealAddr address, T value) {
    if (!detail::hypervisor_state()) {
        asm volatile("sync" ::: "memory");
        detail::logical_ci_store(sizeof(T), address.value, transom::byte_swap(value));
    } else if constexpr (sizeof(T) == 1) {
        asm volatile("sync; stbcix %0, 0, %1" ::"r"(value), "r"(address.value) : "memory");
    } else if constexpr (sizeof(T) == 2) {
        asm volatile("sync; sthcix %0, 0, %1" ::"r"(value), "r"(address.value) : "memory");
    } else if constexpr (sizeof(T) == 4) {
        asm volatile("sync; stwcix %0, 0, %1" ::"r"(value), "r"(address.value) : "memory");
    } else {
        asm volatile("sync; stdcix %0, 0, %1" ::"r"(value), "r"(address.value) : "memory");
    }
}

} // namespace arch
