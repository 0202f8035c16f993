// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <transom/affinity/score_report.hpp>
#include <transom/partition/partition.hpp>
#include <transom/relocate/reallocation.hpp>

// What a partition is told: times are its own time base's, and nothing of anybody else is in it (R87, R88).

namespace transom::relocate {

partition::AffinityDesk::Answer answer_of(const partition::Partition& partition, const affinity::ScoreReport& report);
/// There is no such place for it.
partition::AffinityDesk::Answer answer_of(const partition::Partition& partition, affinity::Formula formula,
                                          affinity::Refusal refusal, std::uint64_t now);
std::uint16_t number_of(affinity::Refusal refusal);
affinity::wire::Job job_of(const partition::Partition& partition, const JobReport& report);

} // namespace transom::relocate
