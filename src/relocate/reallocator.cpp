// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <transom/base/log.hpp>
#include <transom/relocate/affinity_answers.hpp>
#include <transom/relocate/reallocator.hpp>

namespace transom::relocate {

using affinity::Step;
using partition::Partition;

Reallocator::Reallocator(partition::Roster& roster, memory::Frames& frames, const affinity::Topology& topology,
                         const migrate::Mover& mover, std::uint64_t timebase_frequency)
    : roster_(roster), frames_(frames), topology_(topology), mover_(mover), frequency_(timebase_frequency),
      step_ticks_(timebase_frequency / 2000), plan_(frames), relocation_(roster, frames, timebase_frequency),
      standing_(roster, frames, topology) {}

bool Reallocator::stays(const Partition& partition) const { return partition.keeps_place || cannot_move(partition); }

/// It does not run, or is not all here, or about to be elsewhere.
bool Reallocator::cannot_move(const Partition& partition) const {
    return partition.state != partition::PartitionState::running || mover_.moves(partition) ||
           mover_.completes(partition);
}

std::optional<RequestError> Reallocator::check(const ReallocationRequest& request) const {
    if (under_way())
        return RequestError::busy;
    const std::size_t nodes = topology_.nodes().count();
    if (nodes == 0)
        return RequestError::no_nodes;
    if (request.to && *request.to >= nodes)
        return RequestError::no_node;
    std::optional<RequestError> error;
    roster_.for_each([&](const Partition& partition) {
        if (!request.asks(partition))
            return;
        if (partition.keeps_place || request.spares(partition))
            error = RequestError::is_protected;
        else if (cannot_move(partition))
            error = RequestError::stays;
    });
    return error;
}

std::optional<std::uint32_t> Reallocator::seconds_since_last_move(const Partition& partition) const {
    if (!partition.last_move)
        return {};
    const std::uint64_t ago = (arch::timebase() - partition.last_move->at) / frequency_;
    return static_cast<std::uint32_t>(std::min(ago, std::uint64_t{~std::uint32_t{0}}));
}

/// Where the gain has to be worth it nobody is moved who was moved a short while ago; of the one that it is made for judge() knows that.
bool Reallocator::plan_leaves(const Partition& partition, const ReallocationRequest& request) const {
    if (stays(partition) || request.spares(partition))
        return true;
    const auto since = seconds_since_last_move(partition);
    return request.worth && &partition != request.partition && since && *since < request.worth->cooldown;
}

std::expected<void, RequestError> Reallocator::request(const ReallocationRequest& request) {
    if (const auto error = check(request))
        return std::unexpected(*error);
    report_ = {};
    report_.state = JobState::planning;
    report_.began_at = arch::timebase();
    asked_ = request;
    if (request.partition != nullptr)
        report_.partition = request.partition->name_storage;
    relocation_.limit(request.bandwidth);
    if (!plan_.begin(
            roster_, topology_, [&](const Partition& one) { return request.asks(one); },
            [&](const Partition& one) { return plan_leaves(one, request); })) {
        fail(JobFailure::no_memory);
        return {};
    }
    for (std::size_t p = 0; p < plan_.count(); ++p)
        if (&plan_.partition(p) == request.partition)
            asked_index_ = p;
    tell();
    return {};
}

bool Reallocator::stop() {
    if (!plan_.under_way())
        return false;
    if (report_.state == JobState::planning) {
        end(JobState::stopped);
        return true;
    }
    report_.state = JobState::stopping;
    relocation_.finish();
    return true;
}

void Reallocator::ended(const Partition& partition) {
    const bool was_moving = moves(partition);
    relocation_.ended(partition);
    if (!plan_.under_way())
        return;
    // What is planned is planned for those who were there.
    if (!was_moving)
        relocation_.finish();
    fail(JobFailure::changed);
}

void Reallocator::look_after_arrivals() {
    if (!somebody_arrived_ || under_way())
        return;
    bool moving = false;
    roster_.for_each(
        [&](const Partition& partition) { moving = moving || mover_.moves(partition) || mover_.completes(partition); });
    if (moving)
        return;
    somebody_arrived_ = false;
    if (topology_.nodes().count() > 1)
        static_cast<void>(request({.worth = affinity::Thresholds{}, .bandwidth = unordered_bandwidth}));
}

std::uint64_t Reallocator::run() {
    look_after_arrivals();
    const std::uint64_t again_in = go_on();
    tell();
    return again_in;
}

/// Who asked for it himself sees how it stands.
void Reallocator::tell() {
    if (!asked_.by_itself)
        return;
    const Locked devices(asked_.partition->devices);
    asked_.partition->affinity.set_job(job_of(*asked_.partition, report_));
}

std::uint64_t Reallocator::go_on() {
    if (report_.state == JobState::planning && plan_.under_way()) {
        if (!plan_.improve(step_ticks_))
            plan();
        return 0;
    }
    if (relocation_.under_way() && relocation_.work(step_ticks_))
        return 0;
    if (!plan_.under_way())
        return relocation_.under_way() ? step_ticks_ : ~std::uint64_t{0};
    return work() ? 0 : step_ticks_;
}

/// What is found is what is done, unless it is not worth it.
void Reallocator::plan() {
    const affinity::Planner& planner = plan_.planner();
    if (asked_.partition != nullptr)
        report_.before = planner.current(asked_index_);
    if (asked_.to)
        return plan_directly(*asked_.to);
    const affinity::Plan found = plan_.make();
    if (asked_.partition == nullptr)
        report_.before = found.before;
    report_.predicted = asked_.partition != nullptr ? planner.potential(asked_index_) : found.after;
    report_.refusal = refusal_of(found);
    if (asked_.only_plan) {
        count(found.steps);
        return end(JobState::planned);
    }
    if (report_.refusal) {
        report_.after = report_.before;
        return end(JobState::refused);
    }
    begin_steps(found.steps);
}

std::optional<affinity::Refusal> Reallocator::refusal_of(const affinity::Plan& plan) const {
    if (!asked_.worth)
        return plan.steps.empty() ? std::optional(affinity::Refusal::no_gain) : std::nullopt;
    affinity::Request request;
    request.current = *report_.before;
    request.potential = *report_.predicted;
    request.copies = static_cast<std::uint32_t>(plan.copies);
    const auto sizes = plan_.planner().valuation().current().partitions();
    for (std::size_t p = 0; p < sizes.size(); ++p)
        if (asked_.partition == nullptr || p == asked_index_)
            request.memory += sizes[p].size.memory;
    if (asked_.partition != nullptr && asked_.partition->last_move) {
        request.since_last_move = seconds_since_last_move(*asked_.partition);
        request.after_last_move = asked_.partition->last_move->score;
    }
    if (const auto refusal = affinity::judge(request, *asked_.worth))
        return refusal;
    return plan.steps.empty() ? std::optional(affinity::Refusal::no_gain) : std::nullopt;
}

/// Everything that it has elsewhere. Whether there is room for it shows when it moves.
void Reallocator::plan_directly(affinity::NodeIndex to) {
    std::array<affinity::Amounts, affinity::max_nodes> on;
    const Partition& partition = *asked_.partition;
    const affinity::Place now = place_of(partition, topology_, on);
    const std::uint32_t each = size_of(partition).per_processor;
    const auto add = [&](Step::What what, affinity::NodeIndex from, std::uint32_t count) {
        if (count != 0 && from != to)
            (void)direct_.push_back({.what = what,
                                     .from = from,
                                     .to = to,
                                     .partition = static_cast<std::uint16_t>(asked_index_),
                                     .count = count,
                                     .copies = what == Step::What::memory ? count : 0});
    };
    direct_.clear();
    for (affinity::NodeIndex from = 0; from < topology_.nodes().count(); ++from) {
        add(Step::What::memory, from, now.on[from].memory);
        add(Step::What::processors, from, now.on[from].processing / each);
    }
    add(Step::What::page_table, now.page_table, 1);
    begin_steps(direct_.span());
}

void Reallocator::count(std::span<const Step> steps) {
    report_.steps = static_cast<std::uint32_t>(steps.size());
    for (const Step& step : steps) {
        report_.blocks += step.what == Step::What::memory ? step.count : 0;
        (void)report_.first_steps.push_back({plan_.partition(step.partition).name_storage, step});
    }
}

void Reallocator::begin_steps(std::span<const Step> steps) {
    steps_ = steps;
    next_ = 0;
    moved_ = 0;
    busy_since_ = 0;
    count(steps);
    report_.state = JobState::running;
    log("reallocation: {} steps, {} blocks", report_.steps, report_.blocks);
}

/// True: there is more to do at once.
bool Reallocator::work() {
    if (relocation_.under_way())
        report_.costs = costs_before_ + relocation_.costs();
    if (relocation_.under_way() && relocation_.partition() == asked_.partition)
        report_.own_costs = own_before_ + relocation_.costs();
    if (report_.state == JobState::running && next_ != steps_.size())
        return take_step();
    if (relocation_.under_way()) {
        if (relocation_.is_ready())
            relocation_.finish();
        return false;
    }
    end(report_.state == JobState::stopping ? JobState::stopped : JobState::done);
    return false;
}

void Reallocator::fail(JobFailure why) {
    report_.failure = why;
    end(JobState::failed);
}

std::optional<affinity::Score> Reallocator::score_now() {
    const affinity::Metric& metric = affinity::metric(affinity::Formula::composite);
    standing_.look();
    return asked_.partition != nullptr ? standing_.score(metric, *asked_.partition) : standing_.system(metric);
}

/// Whoever was moved is not moved again soon for a small gain (R78). Of the last of a step's blocks it is not known that it has come there.
void Reallocator::note_moves() {
    const affinity::Metric& metric = affinity::metric(affinity::Formula::composite);
    standing_.look();
    for (std::size_t i = 0; i < steps_.size() && (i < next_ || (i == next_ && moved_ > 1)); ++i) {
        Partition& partition = plan_.partition(steps_[i].partition);
        partition.last_move = {report_.ended_at, standing_.score(metric, partition)};
    }
}

void Reallocator::end(JobState how) {
    if (how == JobState::done || how == JobState::stopped)
        report_.after = score_now();
    report_.state = how;
    report_.ended_at = arch::timebase();
    note_moves();
    tell();
    steps_ = {};
    plan_.end();
    const bool of_its_own = asked_.by_itself;
    asked_ = {};
    if (how != JobState::refused || !of_its_own) // a partition may ask as often as it likes
        log("reallocation: {}, {} of {} steps, {} blocks", name(how), report_.steps_done, report_.steps,
            report_.costs.blocks);
}

} // namespace transom::relocate
