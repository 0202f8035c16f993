// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine_arguments.hpp"

#include "console_filter.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace transom::tool {

/// What it costs a partition at work that all of it moves from node to node of its machine, again and again.
struct ReallocationCost {
    unsigned chips = 0;
    std::uint64_t moves = 0, blocks = 0;
    double seconds = 0;            ///< of all moves, by the machine's clock
    double longest_closed_us = 0;  ///< a block was closed for so long at most to who wanted to access it,
    double longest_stopped_us = 0; ///< and the partition stood still for its page table in a move
    /// Of its work while it moved, beside when it did not; 0.5: half as much in the same time. Nothing: too little was seen.
    std::optional<double> slowdown{};
    std::uint64_t wrong = 0; ///< pages with something else than had to be there
};

/// Starts a machine with a partition of 256 MiB, half of which it stores to, on one of its nodes, and sends it to the next one `moves` times. Throws Failure.
ReallocationCost measure_reallocation(MachineSetup setup, unsigned moves, Clock::time_point until);

std::string to_text(const ReallocationCost& cost);
nlohmann::ordered_json to_json(const ReallocationCost& cost);

} // namespace transom::tool
