// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <transom/base/address.hpp>

// POWER9 and later: interrupt sources of XIVE, by firmware's calls.

namespace boot::xive {

constexpr std::uint64_t priority = 6;

/// A source's pages; where it has one page only, both are that.
struct Source {
    transom::RealAddr management;
    transom::RealAddr trigger;
};

/// Lets a source interrupt the hypervisor on that processor, which has a queue; what the queue will say is the source's number.
/// Nothing, and a line in the log, where firmware does not do it.
std::optional<Source> route(std::uint64_t number, std::uint32_t server);

/// Says in the log what firmware does not do, where it does not.
bool done(std::int64_t status, std::string_view what);

} // namespace boot::xive
