// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <papr/status.hpp>
#include <transom/base/address.hpp>

namespace transom::hcall {

/// What becomes of the virtual processor after a hypervisor call.
enum class Then : std::uint8_t {
    resume,  // back into the partition at once: the light case
    yield,   // the answer stands, and the dispatcher decides who runs next (cede, confer, join, power-off, ...)
    missing, // a page that the call needs is not here: no side effect has happened, fetch it and execute the call again
};

/// The result of one handler. It is returned in two registers.
struct Outcome {
    Then then = Then::resume;
    papr::Status status = papr::Status::success;

    constexpr Outcome(papr::Status s) : status(s) {}
    constexpr Outcome(papr::Status s, Then t) : then(t), status(s) {}
    static constexpr Outcome yield(papr::Status s = papr::Status::success) { return {s, Then::yield}; }
    static constexpr Outcome missing() { return {papr::Status::success, Then::missing}; }
};

} // namespace transom::hcall
