// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace transom::tool {

/// What calls of one kind took, as the guest `storing` says it of some time.
struct CallCost {
    std::uint64_t count = 0, p50 = 0, p99 = 0, longest = 0; ///< ticks of the time base
};
/// By the call's name.
using CallCosts = std::map<std::string, CallCost>;

/// Of the lines "storing: cost ..." of a terminal's text.
CallCosts parse_call_costs(std::string_view text);

/// From when to when a second page table was drained, in the partition's time base, as the hypervisor's log says it; the last time.
std::optional<std::pair<std::uint64_t, std::uint64_t>> drain_time(std::string_view line);

/// {"NAME": {"normal": {"count":, "p50":, "p99":, "max":}, "drain": {...}}, ...}, in instructions, so many of which make a tick.
nlohmann::ordered_json call_costs_json(const CallCosts& normal, const CallCosts& drain, double instructions_per_tick);

} // namespace transom::tool
