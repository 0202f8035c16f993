// SPDX-License-Identifier: Apache-2.0
// Steps of a plan where nodes are full, so that who comes and who goes have to change places.
#include <algorithm>
#include <transom/affinity/steps.hpp>

namespace transom::affinity {

/// Blocks of two partitions that go from a to b and from b to a.
bool StepMaker::exchange(NodeIndex a, NodeIndex b) {
    bool any = false;
    std::size_t there = 0, back = 0;
    while (true) {
        while (there < order_.size() && on_the_way(order_[there], a, b) == 0)
            ++there;
        while (back < order_.size() && on_the_way(order_[back], b, a) == 0)
            ++back;
        if (there == order_.size() || back == order_.size())
            return any;
        if (!has_room(2))
            return !(full_ = true);
        const std::uint32_t blocks = std::min(on_the_way(order_[there], a, b), on_the_way(order_[back], b, a));
        const bool spare = now_.free()[a].memory != 0 || now_.free()[b].memory != 0;
        add(Step::What::memory, order_[there], a, b, blocks, true);
        add(Step::What::memory, order_[back], b, a, blocks, false);
        any = true;
        if (!spare)
            steps_[count_ - 1].copies *= 2;
    }
}

bool StepMaker::exchange_all() {
    bool any = false;
    for (NodeIndex a = 0; a < target_.nodes().count(); ++a)
        for (NodeIndex b = 0; b < a; ++b)
            any = exchange(a, b) || any;
    return any;
}

/// Nodes are full and wait for each other in a circle. One goes where it wants to; who wants to leave from there takes its place, and has
/// still the rest of its way to go.
bool StepMaker::go_round() {
    const auto nodes = static_cast<NodeIndex>(target_.nodes().count());
    for (const std::uint16_t p : order_)
        for (NodeIndex a = 0; a < nodes; ++a)
            for (NodeIndex b = 0; b < nodes && leaving(p, a) != 0; ++b) {
                const std::uint32_t wanted = on_the_way(p, a, b);
                if (wanted == 0)
                    continue;
                for (const std::uint16_t q : order_) {
                    const std::uint32_t blocks = std::min(wanted, leaving(q, b));
                    if (q == p || blocks == 0)
                        continue;
                    if (!has_room(2))
                        return !(full_ = true);
                    const bool spare = now_.free()[a].memory != 0 || now_.free()[b].memory != 0;
                    add(Step::What::memory, p, a, b, blocks, true);
                    add(Step::What::memory, q, b, a, blocks, false);
                    if (!spare)
                        steps_[count_ - 1].copies *= 2;
                    return true;
                }
            }
    return false;
}

/// A page table goes where blocks want to leave, which take its place.
bool StepMaker::make_room_for_table() {
    for (const std::uint16_t p : order_) {
        if (!table_moves(p))
            continue;
        const NodeIndex a = now_.place(p).page_table, b = target_.place(p).page_table;
        std::uint32_t needed = target_.partitions()[p].size.page_table - now_.free()[b].memory;
        std::uint32_t leave = 0;
        for (const std::uint16_t q : order_)
            leave += leaving(q, b);
        if (leave < needed)
            continue;
        if (!has_room(order_.size() + 1))
            return !(full_ = true);
        add(Step::What::page_table, p, a, b, 1, true);
        for (const std::uint16_t q : order_) {
            const std::uint32_t blocks = std::min(needed, leaving(q, b));
            if (blocks == 0)
                continue;
            needed -= blocks;
            add(Step::What::memory, q, b, a, blocks, needed != 0);
        }
        return true;
    }
    return false;
}

/// New homes for those processors that wait for each other.
void StepMaker::processors_at_once() {
    const std::size_t first = count_;
    const auto nodes = static_cast<NodeIndex>(target_.nodes().count());
    if (!has_room(order_.size() * 2 * nodes))
        return;
    for (const std::uint16_t p : order_) {
        const std::uint32_t unit = std::max(target_.partitions()[p].size.per_processor, 1U);
        for (NodeIndex from = 0; from < nodes; ++from)
            for (NodeIndex to = 0; to < nodes; ++to) {
                const std::uint32_t there = now_.place(p).on[from].processing,
                                    then = target_.place(p).on[from].processing;
                const std::uint32_t here = now_.place(p).on[to].processing, wanted = target_.place(p).on[to].processing;
                if (there > then && wanted > here)
                    add(Step::What::processors, p, from, to, std::min(there - then, wanted - here) / unit, true);
            }
    }
    if (count_ > first)
        steps_[count_ - 1].with_next = false;
}

} // namespace transom::affinity
