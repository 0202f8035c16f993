// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <new>
#include <transom/affinity/room.hpp>
#include <transom/affinity/steps.hpp>

namespace transom::affinity {

std::string_view name(Step::What what) {
    switch (what) {
    case Step::What::memory:
        return "memory";
    case Step::What::processors:
        return "processors";
    case Step::What::page_table:
        return "page-table";
    }
    return "unknown";
}

Bytes StepMaker::room_for(std::size_t nodes, std::size_t partitions) {
    return Allocation::room_for(nodes, partitions) + bytes_for<std::uint16_t>(partitions);
}

StepMaker::StepMaker(const Valuation& valuation, const Allocation& target, std::span<std::byte> room)
    : valuation_(valuation), target_(target), now_(target.nodes(), target.partitions(), room) {
    const std::size_t partitions = target.partitions().size();
    Room pieces(room.subspan(Allocation::room_for(target.nodes().count(), partitions)));
    all_ = pieces.take<std::uint16_t>(partitions);
    reset();
}

void StepMaker::reset() {
    now_.copy(valuation_.current());
    order_ = {};
    count_ = 0;
    full_ = false;
}

std::uint32_t StepMaker::leaving(std::size_t p, NodeIndex from) const {
    const std::uint32_t now = now_.place(p).on[from].memory, then = target_.place(p).on[from].memory;
    return now > then ? now - then : 0;
}
std::uint32_t StepMaker::coming(std::size_t p, NodeIndex to) const {
    const std::uint32_t now = now_.place(p).on[to].memory, then = target_.place(p).on[to].memory;
    return then > now ? then - now : 0;
}
std::uint32_t StepMaker::on_the_way(std::size_t p, NodeIndex from, NodeIndex to) const {
    return std::min(leaving(p, from), coming(p, to));
}
bool StepMaker::table_moves(std::size_t p) const { return now_.place(p).page_table != target_.place(p).page_table; }
bool StepMaker::is_done(std::size_t p) const {
    return !table_moves(p) && std::ranges::equal(now_.place(p).on, target_.place(p).on);
}

/// Those first that gain most for each block, so that a plan that is stopped has done the best of it.
void StepMaker::sort() {
    const auto gain = [&](std::uint16_t p) {
        std::int64_t blocks = table_moves(p) ? target_.partitions()[p].size.page_table : 0;
        for (NodeIndex n = 0; n < target_.nodes().count(); ++n)
            blocks += coming(p, n);
        const Place before = now_.place(p), after = target_.place(p);
        return (valuation_.points(p, after) - valuation_.points(p, before)) / (blocks + 1);
    };
    std::ranges::sort(order_, [&](std::uint16_t a, std::uint16_t b) {
        const std::int64_t of_a = gain(a), of_b = gain(b);
        return of_a != of_b ? of_a > of_b : a < b;
    });
}

void StepMaker::add(Step::What what, std::size_t p, NodeIndex from, NodeIndex to, std::uint32_t count, bool with_next) {
    Step step{.what = what,
              .with_next = with_next,
              .from = from,
              .to = to,
              .partition = static_cast<std::uint16_t>(p),
              .count = count};
    const std::int64_t before = valuation_.points(p, now_.place(p));
    const Size& size = target_.partitions()[p].size;
    switch (what) {
    case Step::What::memory:
        now_.move_memory(p, from, to, count);
        step.copies = count;
        break;
    case Step::What::processors:
        now_.move_processing(p, from, to, count * size.per_processor);
        break;
    case Step::What::page_table:
        now_.move_page_table(p, to);
        step.copies = size.page_table;
        break;
    }
    step.gain = (valuation_.points(p, now_.place(p)) - before) / Valuation::weight_sum();
    steps_[count_++] = step;
}

/// What goes to where there is room for all of it.
bool StepMaker::move_directly(std::size_t p) {
    bool any = false;
    const auto nodes = static_cast<NodeIndex>(target_.nodes().count());
    for (NodeIndex to = 0; to < nodes; ++to) {
        if (coming(p, to) == 0)
            continue;
        for (NodeIndex from = 0; from < nodes; ++from) {
            const std::uint32_t blocks = on_the_way(p, from, to);
            if (blocks == 0 || blocks > now_.free()[to].memory)
                continue;
            if (!has_room(1))
                return !(full_ = true);
            add(Step::What::memory, p, from, to, blocks, false);
            any = true;
        }
    }
    const NodeIndex to = target_.place(p).page_table;
    if (table_moves(p) && now_.free()[to].memory >= target_.partitions()[p].size.page_table) {
        if (!has_room(1))
            return !(full_ = true);
        add(Step::What::page_table, p, now_.place(p).page_table, to, 1, false);
        any = true;
    }
    return any;
}

bool StepMaker::move_processors(std::size_t p) {
    bool any = false;
    const std::uint32_t unit = target_.partitions()[p].size.per_processor;
    const auto nodes = static_cast<NodeIndex>(target_.nodes().count());
    const auto more = [](Amounts a, Amounts b) {
        return a.processing > b.processing ? a.processing - b.processing : 0;
    };
    for (NodeIndex from = 0; from < nodes; ++from)
        for (NodeIndex to = 0; to < nodes && more(now_.place(p).on[from], target_.place(p).on[from]) != 0; ++to) {
            const std::uint32_t amount = std::min(more(now_.place(p).on[from], target_.place(p).on[from]),
                                                  more(target_.place(p).on[to], now_.place(p).on[to]));
            if (amount == 0 || amount > now_.free()[to].processing)
                continue;
            if (!has_room(1))
                return !(full_ = true);
            add(Step::What::processors, p, from, to, amount / unit, false);
            any = true;
        }
    return any;
}

std::span<const Step> StepMaker::make(std::span<Step> steps) {
    reset();
    steps_ = steps;
    std::size_t moving = 0;
    for (std::size_t p = 0; p < all_.size(); ++p)
        if (!is_done(p))
            all_[moving++] = static_cast<std::uint16_t>(p);
    order_ = all_.first(moving);
    sort();
    bool any = true;
    while (any && !full_) {
        any = false;
        for (const std::uint16_t p : order_) {
            any = move_directly(p) || any;
            any = move_processors(p) || any;
        }
        const auto done = std::ranges::remove_if(order_, [this](std::uint16_t p) { return is_done(p); });
        order_ = order_.first(order_.size() - done.size());
        any = any || exchange_all() || go_round() || make_room_for_table();
    }
    if (!full_)
        processors_at_once();
    return steps_.first(count_);
}

} // namespace transom::affinity
