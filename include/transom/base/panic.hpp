// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <source_location>
#include <string_view>

namespace transom {

/// Ends the machine (on a host: the process) with what, where and the registers. Only for our own broken invariants,
/// never for what a partition, a peer or an operator can cause.
[[noreturn]] void panic(std::string_view what, std::source_location where = std::source_location::current());

/// The check of an invariant; it stays in every build.
inline void invariant(bool holds, std::string_view what, std::source_location where = std::source_location::current()) {
    if (!holds) [[unlikely]]
        panic(what, where);
}

} // namespace transom
