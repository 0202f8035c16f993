// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/affinity/allocation.hpp>
#include <transom/affinity/valuation.hpp>

namespace transom::affinity {

/// What plans are compared with. `to` gets what comes of it; where somebody finds no room it is the current allocation.
/// From an empty machine, in the order of partitions' numbers, each to the first nodes with room.
void first_fit(const Allocation& current, Allocation& to);
/// From where they are, those with the most to gain first, each once to the best place in what is free then.
void greedy(const Valuation& valuation, Allocation& to);

} // namespace transom::affinity
