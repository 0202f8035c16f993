// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <transom/relocate/affinity_answers.hpp>
#include <transom/relocate/affinity_clerk.hpp>

namespace transom::relocate {

using affinity::Place;
using affinity::Refusal;
using partition::AffinityDesk;
using partition::AffinityQuestion;
using partition::Partition;

namespace {

/// The partition with the lowest number above `last` for which that holds, else with the lowest: each has its turn.
template <class Holds> Partition* next_behind(partition::Roster& roster, std::uint32_t last, Holds holds) {
    Partition *behind = nullptr, *first = nullptr;
    roster.for_each([&](Partition& partition) {
        if (!holds(partition))
            return;
        Partition*& best = partition.lpid > last ? behind : first;
        if (best == nullptr || partition.lpid < best->lpid)
            best = &partition;
    });
    return behind != nullptr ? behind : first;
}

bool is_past(std::uint64_t when, std::uint64_t now) { return static_cast<std::int64_t>(now - when) >= 0; }

} // namespace

// In ticks, parts of a second: a question of each partition in 10 ms, and free memory is counted ten times a second, as that takes long on a large machine; a
// wish in 10 s, and none in the second after a job, so that operators' orders and arrivals come first and whoever watches a job sees how it ended.
std::uint64_t AffinityClerk::run() {
    const std::uint64_t now = arch::timebase();
    pass_on_cancels();
    pass_on_wish(now);
    if (!plan_.under_way())
        look_at_question(now);
    const bool more = plan_.under_way() && work_on_plan(now);
    if (more && !roster_.somebody_waits())
        return 0;
    return next_behind(roster_, 0, [](const Partition& p) { return p.affinity.rings(); }) != nullptr
               ? second_ / 100
               : ~std::uint64_t{0};
}

/// A portion; while others want the processors one in a dispatch window, as who asks could do so for ever. False: the plan is over.
bool AffinityClerk::work_on_plan(std::uint64_t now) {
    if (!is_past(next_portion_, now) && roster_.somebody_waits())
        return true;
    next_portion_ = now + second_ / 100;
    if (!still_asks()) {
        plan_.end();
        return false;
    }
    if (question_.about == AffinityQuestion::About::found && plan_.improve(second_ / 2000))
        return true;
    finish();
    return false;
}

/// It may have moved to another machine, or been given up, since.
bool AffinityClerk::still_asks() {
    bool found = false;
    roster_.for_each([&](Partition& partition) {
        if (&partition != asker_)
            return;
        const Locked devices(partition.devices);
        const AffinityQuestion* const asked = partition.affinity.question();
        found = asked != nullptr && asked->same_as(question_);
    });
    return found;
}

void AffinityClerk::pass_on_cancels() {
    roster_.for_each([&](Partition& partition) {
        if (!partition.affinity.rings() || !reallocator_.works_for(partition))
            return;
        bool wants_stop = false;
        {
            const Locked devices(partition.devices);
            wants_stop = partition.affinity.wants_stop();
        }
        if (wants_stop)
            reallocator_.stop();
    });
}

void AffinityClerk::pass_on_wish(std::uint64_t now) {
    if (reallocator_.under_way() || reallocator_.has_just_ended(now, second_))
        return;
    Partition* const next = next_behind(roster_, last_wished_, [&](Partition& partition) {
        if (!partition.affinity.rings() || !is_past(partition.next_wish, now))
            return false;
        const Locked devices(partition.devices);
        return partition.affinity.wants_job() && (partition.keeps_place || !reallocator_.stays(partition));
    });
    if (next != nullptr)
        wish(*next, now);
}

/// What a partition gets that wants a reallocation.
ReallocationRequest AffinityClerk::wish_of(Partition& partition) {
    return {
        .partition = &partition, .worth = affinity::Thresholds{}, .by_itself = true, .bandwidth = unordered_bandwidth};
}

void AffinityClerk::wish(Partition& partition, std::uint64_t now) {
    last_wished_ = partition.lpid;
    partition.next_wish = now + 10 * second_;
    {
        const Locked devices(partition.devices);
        if (!partition.affinity.begin_job())
            return; // given up just now
    }
    const auto begun = reallocator_.request(wish_of(partition));
    if (begun)
        return;
    JobReport refused;
    refused.state = JobState::refused;
    refused.refusal = Refusal::is_protected;
    refused.began_at = refused.ended_at = now;
    const Locked devices(partition.devices);
    partition.affinity.set_job(job_of(partition, refused));
}

void AffinityClerk::look_at_question(std::uint64_t now) {
    Partition* const next = next_behind(roster_, last_asked_, [&](Partition& partition) {
        if (!partition.affinity.rings() || !is_past(partition.next_question, now))
            return false;
        const Locked devices(partition.devices);
        return partition.affinity.question() != nullptr;
    });
    if (next != nullptr)
        look_at(*next, now);
}

void AffinityClerk::look_at(Partition& partition, std::uint64_t now) {
    last_asked_ = partition.lpid;
    partition.next_question = now + second_ / 100;
    AffinityQuestion question;
    {
        const Locked devices(partition.devices);
        question = *partition.affinity.question(); // nobody but this task takes it away
    }
    if (question.about != AffinityQuestion::About::current)
        return begin_plan(partition, question);
    if (is_past(next_look_, now)) {
        standing_.look();
        next_look_ = now + second_ / 10;
    }
    answer(partition, answer_of(partition, standing_.report(affinity::metric(question.formula), partition)));
}

void AffinityClerk::answer(Partition& partition, const AffinityDesk::Answer& answer) {
    const Locked devices(partition.devices);
    partition.affinity.answer(answer, arch::timebase());
}

void AffinityClerk::begin_plan(Partition& partition, const AffinityQuestion& question) {
    const ReallocationRequest wish = wish_of(partition);
    if (!plan_.begin(
            roster_, topology_, [&](const Partition& other) { return wish.asks(other); },
            [&](const Partition& other) { return reallocator_.plan_leaves(other, wish); })) {
        AffinityDesk::Answer none;
        none.status = papr::Status::no_memory;
        return answer(partition, none);
    }
    asker_ = &partition;
    question_ = question;
}

void AffinityClerk::finish() {
    std::size_t index = 0;
    while (&plan_.partition(index) != asker_)
        ++index;
    answer(*asker_, question_.about == AffinityQuestion::About::found ? found(index) : proposed(index));
    plan_.end();
}

affinity::ScoreReport AffinityClerk::report_on(const Place& place) const {
    const affinity::Metric& metric = affinity::metric(question_.formula);
    const affinity::Nodes& nodes = plan_.planner().valuation().current().nodes();
    return affinity::report(metric, nodes, place, affinity::yardstick(metric, nodes, size_of(*asker_)),
                            arch::timebase());
}

/// Plans are made by one formula; by another one what is found may be worth less than what there is. It need not move then (R73).
AffinityDesk::Answer AffinityClerk::found(std::size_t index) {
    static_cast<void>(plan_.make());
    const affinity::Planner& planner = plan_.planner();
    const affinity::ScoreReport now = report_on(planner.valuation().current().place(index));
    const affinity::ScoreReport then = report_on(planner.reached().place(index));
    AffinityDesk::Answer answer = answer_of(*asker_, std::max(now.score, then.score) == then.score ? then : now);
    if (reallocator_.stays(*asker_))
        answer.report.refusal = number_of(Refusal::is_protected);
    return answer;
}

AffinityDesk::Answer AffinityClerk::proposed(std::size_t index) {
    const affinity::wire::Report& wish = question_.proposal;
    const auto refuse = [&](Refusal why) { return answer_of(*asker_, question_.formula, why, arch::timebase()); };
    const std::size_t nodes = topology_.nodes().count();
    std::array<affinity::Amounts, affinity::max_nodes> on{};
    if (wish.page_table >= nodes)
        return refuse(Refusal::no_room);
    for (const affinity::wire::Input& input : std::span(wish.inputs).first(wish.count)) {
        if (input.node >= nodes)
            return refuse(Refusal::no_room);
        on[input.node].memory += input.memory;
        on[input.node].processing += input.processing;
    }
    const Place place{.on = std::span(on).first(nodes),
                      .page_table = static_cast<affinity::NodeIndex>(std::uint16_t{wish.page_table})};
    const auto potential = plan_.planner().potential(index, place);
    return potential ? answer_of(*asker_, report_on(place)) : refuse(potential.error());
}

} // namespace transom::relocate
