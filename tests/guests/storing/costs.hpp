// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "../common/hypercall.hpp"
#include "../common/spr.hpp"

#include <cstdint>

namespace storing {

/// The calls whose costs are kept.
enum class Costly : std::uint8_t { enter, remove, protect };

/// A call of the calling processor was made at that time, and took so many ticks.
void keep_cost(Costly call, std::uint64_t at, std::uint64_t ticks);

/// Makes it, and keeps its cost.
template <class... Args> guest::Answer costly(Costly which, Args... arguments) {
    const std::uint64_t before = guest::timebase();
    const guest::Answer answer = guest::hcall(arguments...);
    keep_cost(which, before, guest::timebase() - before);
    return answer;
}

/// Says for each kind what those took that were made in [from, to) of the time base, if they are still kept: "storing: cost call=NAME count=N
/// p50=TICKS p99=TICKS max=TICKS", and then "storing: costs end".
void say_costs(std::uint64_t from, std::uint64_t to);

} // namespace storing
