// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <new>
#include <transom/affinity/room.hpp>
#include <transom/affinity/valuation.hpp>

namespace transom::affinity {

Bytes Valuation::room_for(std::size_t, std::size_t partitions) {
    return bytes_for<Yardstick>(partitions) + bytes_for<Value>(partitions) + bytes_for<Score>(partitions);
}

Valuation::Valuation(const Metric& metric, const Allocation& current, std::span<std::byte> room)
    : metric_(&metric), current_(&current) {
    const auto partitions = current.partitions();
    Room pieces(room);
    yardsticks_ = pieces.take<Yardstick>(partitions.size());
    weights_ = pieces.take<Value>(partitions.size());
    present_ = pieces.take<Score>(partitions.size());

    std::uint64_t memory = 0, processing = 0, blocks = 0;
    const auto counts = [](const Partition& one) { return one.size.memory != 0 && one.size.processing() != 0; };
    for (const Partition& one : partitions) {
        blocks += one.size.memory + one.size.page_table;
        if (counts(one)) {
            memory += one.size.memory;
            processing += one.size.processing();
        }
    }
    block_cost_ = blocks != 0 ? cost_of_all * weight_sum() / static_cast<Value>(blocks) : 0;
    for (std::size_t p = 0; p < partitions.size(); ++p) {
        const Size& size = partitions[p].size;
        // Partitions of one size are many, and what they can have at best takes a while to find.
        const auto same = std::ranges::find(partitions, size, &Partition::size);
        const auto earlier = static_cast<std::size_t>(same - partitions.begin());
        yardsticks_[p] = earlier < p ? yardsticks_[earlier] : affinity::yardstick(metric, current.nodes(), size);
        if (counts(partitions[p]))
            weights_[p] = static_cast<Value>((std::uint64_t{size.memory} << 29) / memory +
                                             (std::uint64_t{size.processing()} << 29) / processing);
        present_[p] = score(p, current.place(p));
    }
}

Score Valuation::score(std::size_t partition, const Place& place) const {
    return affinity::score(*metric_, current_->nodes(), place, yardsticks_[partition]).value_or(Score{});
}

Valuation::Value Valuation::points(std::size_t partition, const Place& place) const {
    return weights_[partition] * score(partition, place).millionths;
}

Valuation::Value Valuation::loss(std::size_t partition, const Place& place) const {
    return weights_[partition] * (full_score.millionths - score(partition, place).millionths);
}

Valuation::Value Valuation::cost(std::size_t partition, const Place& place) const {
    const Size& size = current_->partitions()[partition].size;
    const Place present = current_->place(partition);
    std::uint32_t blocks = place.page_table != present.page_table ? size.page_table : 0, processing = 0;
    for (std::size_t n = 0; n < place.on.size(); ++n) {
        const Amounts now = place.on[n], before = present.on[n];
        blocks += now.memory > before.memory ? now.memory - before.memory : 0;
        processing += now.processing > before.processing ? now.processing - before.processing : 0;
    }
    // A new home for a virtual processor copies nothing; it costs something so that it is not moved for nothing.
    const std::uint32_t processors = processing / std::max(size.per_processor, 1U);
    return block_cost_ * blocks + block_cost_ * processors / 4;
}

bool Valuation::is_permitted(const Allocation& allocation) const {
    Value before = 0, after = 0;
    bool any = false;
    for (std::size_t p = 0; p < weights_.size(); ++p) {
        const Score now = score(p, allocation.place(p));
        before += weights_[p] * present_[p].millionths;
        after += weights_[p] * now.millionths;
        if (current_->partitions()[p].asked && now < present_[p])
            return false;
        any = any || current_->partitions()[p].asked;
    }
    return after >= before - (any ? most_lost * weight_sum() : 0);
}

Valuation::Value Valuation::of(std::size_t partition, const Place& place) const {
    const Score now = score(partition, place);
    Value value = weights_[partition] * now.millionths;
    if (current_->partitions()[partition].asked) {
        value *= emphasis;
        if (now < present_[partition])
            value -= weights_[partition] * (present_[partition].millionths - now.millionths) * 16;
    }
    return value - cost(partition, place);
}

} // namespace transom::affinity
