// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tree.hpp"

#include <array>
#include <cstdint>
#include <initializer_list>

namespace guest {

struct RtasAnswer {
    std::int64_t hcall_status = 0;
    std::array<std::uint32_t, 8> returned{}; // [0] is the call's status

    std::int32_t status() const { return static_cast<std::int32_t>(returned[0]); }
};

/// An RTAS call through H_RTAS with up to 8 inputs and 8 outputs. The outputs are set to `untouched` before the call.
constexpr std::uint32_t untouched = 0x5a5a5a5a;
RtasAnswer rtas(std::uint32_t token, std::initializer_list<std::uint32_t> inputs, std::uint32_t outputs);

[[noreturn]] void power_off(const Tree& tree);

} // namespace guest
