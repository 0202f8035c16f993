// SPDX-License-Identifier: Apache-2.0
#include <transom/affinity/planner.hpp>

namespace transom::affinity {

namespace {

struct Pieces {
    std::size_t nodes, partitions;
    Bytes valuation() const { return Valuation::room_for(nodes, partitions); }
    Bytes search() const { return Search::room_for(nodes, partitions); }
    Bytes maker() const { return StepMaker::room_for(nodes, partitions); }
};

Pieces pieces(const Allocation& current) { return {current.nodes().count(), current.partitions().size()}; }

} // namespace

Bytes Planner::room_for(std::size_t nodes, std::size_t partitions) {
    const Pieces all{nodes, partitions};
    return all.valuation() + all.search() + all.maker();
}

Planner::Planner(const Metric& metric, const Allocation& current, std::uint64_t work, std::span<std::byte> room)
    : valuation_(metric, current, room), search_(valuation_, work, room.subspan(pieces(current).valuation())),
      maker_(valuation_, search_.best(), room.subspan(pieces(current).valuation() + pieces(current).search())) {}

Plan Planner::plan(std::span<Step> steps) {
    Plan result{.steps = maker_.make(steps), .before = system(valuation_.current()), .after = {}};
    // Not all of it may have come about: then it may not be good enough any more.
    if (!result.steps.empty() && !valuation_.is_permitted(maker_.reached())) {
        maker_.reset();
        result.steps = {};
    }
    result.after = system(maker_.reached());
    for (const Step& step : result.steps)
        result.copies += step.copies;
    return result;
}

Score Planner::system(const Allocation& allocation) const {
    Valuation::Value points = 0;
    for (std::size_t p = 0; p < allocation.partitions().size(); ++p)
        points += valuation_.points(p, allocation.place(p));
    return {points / Valuation::weight_sum()};
}

Score Planner::current(std::size_t partition) const {
    return valuation_.score(partition, valuation_.current().place(partition));
}

Score Planner::potential(std::size_t partition) const {
    return valuation_.score(partition, reached().place(partition));
}

std::expected<Score, Refusal> Planner::potential(std::size_t partition, const Place& proposal) const {
    const Allocation& now = valuation_.current();
    const Partition& one = now.partitions()[partition];
    if (one.stays)
        return std::unexpected(Refusal::is_protected);
    std::uint64_t memory = 0, processing = 0;
    bool halves = false; // of virtual processors
    for (const Amounts& amounts : proposal.on) {
        memory += amounts.memory;
        processing += amounts.processing;
        halves = halves || (one.size.per_processor != 0 && amounts.processing % one.size.per_processor != 0);
    }
    if (proposal.on.size() != now.nodes().count() || proposal.page_table >= now.nodes().count() || halves ||
        memory != one.size.memory || processing != one.size.processing())
        return std::unexpected(Refusal::other_size);
    const Place place = now.place(partition);
    for (std::size_t n = 0; n < proposal.on.size(); ++n) {
        const auto with_table = [&](const Place& of) {
            return std::uint64_t{of.on[n].memory} + (of.page_table == n ? one.size.page_table : 0);
        };
        if (with_table(proposal) > with_table(place) + now.free()[n].memory ||
            proposal.on[n].processing > place.on[n].processing + now.free()[n].processing)
            return std::unexpected(Refusal::no_room);
    }
    return valuation_.score(partition, proposal);
}

} // namespace transom::affinity
