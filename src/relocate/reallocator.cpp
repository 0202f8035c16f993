// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <transom/base/log.hpp>
#include <transom/base/panic.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/relocate/home_change.hpp>
#include <transom/relocate/reallocator.hpp>

namespace transom::relocate {

using affinity::Step;
using memory::FrameState;
using partition::Partition;

namespace {

constexpr std::uint64_t patience_s = 10; // with a partition that has a second page table of somebody else's

} // namespace

Reallocator::Reallocator(partition::Roster& roster, memory::Frames& frames, const affinity::Topology& topology,
                         const migrate::Mover& mover, std::uint64_t timebase_frequency)
    : roster_(roster), frames_(frames), topology_(topology), mover_(mover), frequency_(timebase_frequency),
      step_ticks_(timebase_frequency / 2000), plan_(frames), relocation_(roster, frames, timebase_frequency),
      standing_(roster, frames, topology) {}

bool Reallocator::stays(const Partition& partition) const {
    return partition.state != partition::PartitionState::running || mover_.moves(partition) ||
           mover_.completes(partition);
}

std::expected<void, RequestError> Reallocator::request(const ReallocationRequest& request) {
    if (under_way())
        return std::unexpected(RequestError::busy);
    const std::size_t nodes = topology_.nodes().count();
    if (nodes == 0)
        return std::unexpected(RequestError::no_nodes);
    if (request.to && *request.to >= nodes)
        return std::unexpected(RequestError::no_node);
    if (request.partition != nullptr && stays(*request.partition))
        return std::unexpected(RequestError::stays);
    report_ = {};
    report_.state = JobState::planning;
    report_.began_at = arch::timebase();
    asked_ = request;
    if (request.partition != nullptr)
        report_.partition = request.partition->name_storage;
    if (!plan_.begin(roster_, topology_, request.partition, [this](const Partition& other) { return stays(other); })) {
        fail(JobFailure::no_memory);
        return {};
    }
    for (std::size_t p = 0; p < plan_.count(); ++p)
        if (&plan_.partition(p) == request.partition)
            asked_index_ = p;
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
        static_cast<void>(request({.partition = nullptr, .worth_it = true, .to = {}}));
}

std::uint64_t Reallocator::run() {
    look_after_arrivals();
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
    if (found.steps.empty() || (asked_.worth_it && !is_worth_it(found))) {
        report_.refusal = affinity::Refusal::no_gain;
        report_.after = report_.before;
        return end(JobState::refused);
    }
    begin_steps(found.steps);
}

bool Reallocator::is_worth_it(const affinity::Plan& plan) const {
    const auto sizes = plan_.planner().valuation().current().partitions();
    std::uint32_t memory = 0;
    for (std::size_t p = 0; p < sizes.size(); ++p)
        if (asked_.partition == nullptr || p == asked_index_)
            memory += sizes[p].size.memory;
    return !affinity::judge({.current = *report_.before,
                             .potential = *report_.predicted,
                             .memory = memory,
                             .copies = static_cast<std::uint32_t>(plan.copies),
                             .since_last_move = {},
                             .after_last_move = {}},
                            {});
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

void Reallocator::begin_steps(std::span<const Step> steps) {
    steps_ = steps;
    next_ = 0;
    moved_ = 0;
    busy_since_ = 0;
    report_.steps = static_cast<std::uint32_t>(steps_.size());
    for (const Step& step : steps_)
        report_.blocks += step.what == Step::What::memory ? step.count : 0;
    report_.state = JobState::running;
    log("reallocation: {} steps, {} blocks", report_.steps, report_.blocks);
}

/// True: there is more to do at once.
bool Reallocator::work() {
    report_.costs = relocation_.under_way() ? costs_before_ + relocation_.costs() : report_.costs;
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

bool Reallocator::take_step() {
    const Step& step = steps_[next_];
    Partition& partition = plan_.partition(step.partition);
    if (step.what == Step::What::processors)
        move_homes(partition, step);
    else if (!is_ready_for(partition))
        return false;
    // Of the last one it is known only now that it has moved.
    if (moved_ == step.count) {
        moved_ = 0;
        ++next_;
        ++report_.steps_done;
        return true;
    }
    if (moved_ == 0 && begins_exchange(next_) && free_blocks(topology_, frames_, step.to) < step.count) {
        end_for_want_of_room();
        return false;
    }
    if (!(step.what == Step::What::memory ? move_block(partition, step) : move_table(partition, step)))
        return false;
    ++moved_;
    return true;
}

/// Whether blocks begin to change places there. They do as a whole or not at all, so what moves first has to have room.
bool Reallocator::begins_exchange(std::size_t step) const {
    return steps_[step].with_next && (step == 0 || !steps_[step - 1].with_next) &&
           steps_[step].what == Step::What::memory;
}

void Reallocator::move_homes(Partition& partition, const Step& step) {
    for (std::uint32_t i = 0; i < partition.vcpu_count && moved_ != step.count; ++i)
        if (partition.vcpus[i].home == step.from) {
            change_home(partition.vcpus[i], step.to, topology_);
            ++moved_;
        }
    moved_ = step.count;
}

/// Whether blocks of it can be moved, and the last one has been.
bool Reallocator::is_ready_for(Partition& partition) {
    if (relocation_.under_way() && relocation_.partition() != &partition) {
        if (relocation_.is_ready())
            relocation_.finish();
        return false;
    }
    if (!relocation_.under_way()) {
        begin_relocation(partition);
        return false;
    }
    if (relocation_.is_outrun()) {
        relocation_.finish();
        fail(JobFailure::outrun);
        return false;
    }
    return relocation_.is_ready();
}

void Reallocator::begin_relocation(Partition& partition) {
    const auto begun = relocation_.begin(partition);
    if (begun) {
        busy_since_ = 0;
        costs_before_ = report_.costs;
        return;
    }
    if (begun.error() == RelocationError::no_memory)
        return fail(JobFailure::no_memory);
    const std::uint64_t now = arch::timebase();
    if (busy_since_ == 0)
        busy_since_ = now;
    if (now - busy_since_ >= patience_s * frequency_)
        fail(JobFailure::busy);
}

std::optional<RealAddr> Reallocator::allocate_on(affinity::NodeIndex node, Bytes size, Bytes alignment, FrameState as) {
    std::optional<RealAddr> found;
    topology_.for_each_range(node, [&](RealRange range) {
        if (found)
            return;
        if (const auto place = frames_.allocate(size, alignment, as, memory::Contents::any, range))
            found = *place;
    });
    return found;
}

bool Reallocator::end_for_want_of_room() {
    relocation_.finish();
    fail(JobFailure::no_room);
    return false;
}

/// The highest block that it has there goes first: the lowest is the one in which a kernel has what it uses most.
bool Reallocator::move_block(Partition& partition, const Step& step) {
    std::size_t block = partition.memory.block_count();
    while (block != 0 && node_of(topology_, partition.memory.block(block - 1)) != step.from)
        --block;
    invariant(block != 0, "a plan moves more blocks than there are");
    const auto to = allocate_on(step.to, memory::block_size, memory::block_size, FrameState::partition);
    if (!to)
        return end_for_want_of_room();
    relocation_.move(block - 1, *to);
    return true;
}

bool Reallocator::move_table(const Partition& partition, const Step& step) {
    const unsigned log2_bytes = partition.hpt.log2_bytes();
    const auto to =
        allocate_on(step.to, hpt::size_with_words(log2_bytes), Bytes{1} << log2_bytes, FrameState::page_table);
    if (!to)
        return end_for_want_of_room();
    relocation_.move_table(*to);
    return true;
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

void Reallocator::end(JobState how) {
    if (how == JobState::done || how == JobState::stopped)
        report_.after = score_now();
    report_.state = how;
    report_.ended_at = arch::timebase();
    steps_ = {};
    plan_.end();
    asked_ = {};
    log("reallocation: {}, {} of {} steps, {} blocks", name(how), report_.steps_done, report_.steps,
        report_.costs.blocks);
}

} // namespace transom::relocate
