// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace papr {

/// What a hypervisor call answers in r3. LoPAR "Hypervisor call return codes".
enum class Status : std::int64_t {
    success = 0,
    busy = 1,
    closed = 2,
    not_available = 3,
    constrained = 4,
    partial = 5,
    in_progress = 14,
    page_registered = 15,
    partial_store = 16,
    pending = 17,
    continue_ = 18, // NOLINT(readability-identifier-naming): continue is a keyword
    long_busy_1_ms = 9900,
    long_busy_10_ms = 9901,
    long_busy_100_ms = 9902,
    hardware = -1,
    function = -2,
    privilege = -3,
    parameter = -4,
    bad_mode = -5,
    pteg_full = -6,
    not_found = -7,
    reserved_dabr = -8,
    no_memory = -9,
    authority = -10,
    permission = -11,
    dropped = -12,
    resource = -16,
    rescinded = -46,
    p2 = -55,
    p3 = -56,
    p4 = -57,
    p5 = -58,
    noop = -63,
    too_big = -64,
    state = -75,
    unsupported_flag = -256,
};

/// H_UNSUPPORTED_FLAG names the offending bit of the flags word, in IBM order.
constexpr Status unsupported_flag(unsigned bit) {
    // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): one name for 64 values
    return static_cast<Status>(static_cast<std::int64_t>(Status::unsupported_flag) - static_cast<std::int64_t>(bit));
}

} // namespace papr
