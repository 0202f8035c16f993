// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <transom/affinity/score.hpp>

namespace transom::affinity {

/// Why a reallocation is not made.
enum class Refusal : std::uint8_t {
    no_gain,      // it would gain too little for what it costs
    is_protected, // the operator protects the partition, or it cannot be moved now
    no_room,      // a node has less room than the proposal wants there
    other_size,   // the proposal has not the memory or the processors that the partition has
    too_soon,     // it was moved a short while ago
    good_enough,  // what it has is above the score from which on it is left alone
};

std::string_view describe(Refusal refusal);

/// From when on a gain is worth its cost. The defaults are the design's. Times are in seconds.
struct Thresholds {
    Score gain{10'000'000}; // enough for any cost;
    Score small_gain{
        5'000'000}; // enough where it costs little: gain points times the partition's blocks are more than `gain` times the copied ones
    Score hysteresis{3'000'000}; // above what it had after its last move
    std::uint32_t cooldown = 600;
    Score highest{100'000'000}; // whoever has more is left alone
};

/// What is asked for one partition.
struct Request {
    Score current, potential;
    std::uint32_t memory = 0; // its blocks,
    std::uint32_t copies = 0; // and those that the plan copies, of whomever
    std::optional<std::uint32_t> since_last_move;
    std::optional<Score> after_last_move;
};

/// None: it is worth it.
std::optional<Refusal> judge(const Request& request, const Thresholds& thresholds);

} // namespace transom::affinity
