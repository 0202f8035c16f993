// SPDX-License-Identifier: Apache-2.0
#include <transom/relocate/affinity_answers.hpp>

namespace transom::relocate {

namespace wire = affinity::wire;
using partition::AffinityDesk;
using partition::Partition;

namespace {

std::uint64_t points(const std::optional<affinity::Score>& score) {
    return score ? static_cast<std::uint64_t>(score->millionths) : wire::no_score;
}

wire::JobState state_of(JobState state) {
    switch (state) {
    case JobState::none:
        return wire::JobState::none;
    case JobState::planning:
        return wire::JobState::planning;
    case JobState::running:
        return wire::JobState::running;
    case JobState::stopping:
        return wire::JobState::stopping;
    case JobState::done:
        return wire::JobState::done;
    case JobState::refused:
        return wire::JobState::refused;
    case JobState::stopped:
        return wire::JobState::stopped;
    case JobState::failed:
        return wire::JobState::failed;
    case JobState::planned:
        break; // no partition asks for that
    }
    return wire::JobState::none;
}

} // namespace

std::uint16_t number_of(affinity::Refusal refusal) {
    return static_cast<std::uint16_t>(1 + static_cast<std::uint16_t>(refusal));
}

AffinityDesk::Answer answer_of(const Partition& partition, const affinity::ScoreReport& report) {
    AffinityDesk::Answer answer;
    wire::Report& told = answer.report;
    told.version = wire::version;
    told.formula = static_cast<std::uint16_t>(report.formula);
    told.page_table = report.page_table;
    told.at = report.at + partition.timebase_offset;
    told.score = points(report.score);
    told.best = report.yardstick.best;
    told.fewest_nodes = report.yardstick.fewest_nodes;
    std::size_t count = 0;
    for (const affinity::ScoreReport::Input& input : report.inputs.span()) {
        wire::Input& one = told.inputs[count++];
        one.node = input.node;
        one.memory = input.amounts.memory;
        one.processing = input.amounts.processing;
    }
    told.count = static_cast<std::uint16_t>(count);
    return answer;
}

AffinityDesk::Answer answer_of(const Partition& partition, affinity::Formula formula, affinity::Refusal refusal,
                               std::uint64_t now) {
    AffinityDesk::Answer answer;
    answer.report.version = wire::version;
    answer.report.formula = static_cast<std::uint16_t>(formula);
    answer.report.at = now + partition.timebase_offset;
    answer.report.score = wire::no_score;
    answer.report.refusal = number_of(refusal);
    return answer;
}

wire::Job job_of(const Partition& partition, const JobReport& report) {
    wire::Job job{};
    job.version = wire::version;
    job.state = static_cast<std::uint16_t>(state_of(report.state));
    if (report.refusal)
        job.refusal = number_of(*report.refusal);
    job.failure = static_cast<std::uint16_t>(report.failure);
    job.began = report.began_at + partition.timebase_offset;
    job.ended = report.ended_at == 0 ? 0 : report.ended_at + partition.timebase_offset;
    job.before = points(report.before);
    job.predicted = points(report.predicted);
    job.after = points(report.after);
    job.steps = report.steps;
    job.steps_done = report.steps_done;
    job.longest_closed = report.own_costs.longest_closed_ticks;
    job.stopped = report.own_costs.stopped_ticks;
    return job;
}

} // namespace transom::relocate
