// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <transom/affinity/refusal.hpp>
#include <transom/affinity/score.hpp>
#include <transom/affinity/steps.hpp>
#include <transom/base/static_vector.hpp>
#include <transom/relocate/relocation.hpp>

namespace transom::relocate {

enum class JobState : std::uint8_t {
    none,     // nobody has asked for one
    planning, // nothing has changed
    running,  // step after step
    stopping, // by an order: what was on its way has been given up
    done,
    refused, // nothing has changed: `refusal` says why
    stopped, // by an order, somewhere between two steps
    failed,  // somewhere between two steps: `failure` says why
    planned, // nothing has changed, as was wanted: `refusal` says what would speak against it
};

std::string_view name(JobState state);

enum class JobFailure : std::uint8_t {
    none,
    no_memory, // for the plan, a second page table or the states of pages
    outrun,    // the partition changes its page table faster than it can be copied
    no_room,   // a block had no place any more on the node that the plan gave it
    busy,      // the partition has had a second page table for too long: it is being migrated, or resizes its own
    changed,   // a partition has come or gone
};

std::string_view describe(JobFailure failure);

/// Of a plan. The partition is named, as it may be gone when somebody asks.
struct PlannedStep {
    std::array<char, 32> partition{};
    affinity::Step step;
};

/// A reallocation, the one under way or the last one. Scores of the composite formula. Ticks are the machine's time base.
struct JobReport {
    JobState state = JobState::none;
    std::array<char, 32> partition{}; // that it was asked for; empty: for all
    std::optional<affinity::Refusal> refusal;
    JobFailure failure = JobFailure::none;
    std::optional<affinity::Score> before, predicted, after; // of that partition, or of the system
    std::uint32_t steps = 0, steps_done = 0;
    StaticVector<PlannedStep, 32> first_steps; // of them
    std::uint32_t blocks = 0;                  // that the plan moves; costs say how many have been
    RelocationCosts costs, own_costs;          // of all that moved; and of the partition for which it was made
    std::uint64_t began_at = 0, ended_at = 0;
};

} // namespace transom::relocate
