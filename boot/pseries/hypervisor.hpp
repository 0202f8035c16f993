// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace boot::pseries {

/// Calls of the hypervisor that we are a partition of, LoPAR.
enum class HypervisorCall : std::uint64_t {
    get_term_char = 0x54,
    put_term_char = 0x58,
    set_mode = 0x31c,
    rtas = 0xf000, // QEMU's own: RTAS, r4 = logical address of the argument block
};

constexpr std::int64_t success = 0;
constexpr std::int64_t busy = 1;

struct CallResult {
    std::int64_t status = 0;
    std::array<std::uint64_t, 3> output{}; // r4 to r6
};

CallResult call(HypervisorCall token, std::uint64_t r4 = 0, std::uint64_t r5 = 0, std::uint64_t r6 = 0,
                std::uint64_t r7 = 0);

/// One RTAS call: status (the first output), the other outputs in `outputs`. At most eight of each.
std::int32_t rtas(std::uint32_t token, std::span<const std::uint32_t> inputs, std::span<std::uint32_t> outputs = {});

/// The token of an RTAS function, from /rtas of the tree; 0 where it does not exist.
std::uint32_t rtas_token(const void* fdt, const char* name);

} // namespace boot::pseries
