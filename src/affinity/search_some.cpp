// SPDX-License-Identifier: Apache-2.0
// The long part of the search: a few partitions at a time are taken out and put in again.
#include <algorithm>
#include <transom/affinity/search.hpp>
#include <utility>

namespace transom::affinity {

namespace {

/// So much worse than the best, in millionths of a point, is taken at the beginning to get on from there.
constexpr std::int64_t most_slack = 2'000'000;
constexpr std::int64_t at_the_best = 256; // of 1024 parts of the work

} // namespace

/// One that has much to gain, and others, mostly such as have something where it is or might be.
std::size_t Search::choose(std::span<std::size_t> chosen) {
    const std::size_t most = std::min(movable_.size(), chosen.size());
    const std::size_t count = std::min(most, 2 + draw(most_at_once - 3));
    std::size_t first = movable_[draw(movable_.size())];
    for (int i = 0; i < 3; ++i) {
        const std::size_t other = movable_[draw(movable_.size())];
        if (valuation_.loss(other, now_.place(other)) > valuation_.loss(first, now_.place(first)))
            first = other;
    }
    std::size_t n = 0;
    chosen[n++] = first;
    const std::size_t there = draw(now_.nodes().count());
    for (int tries = 0; n < count && tries < 64; ++tries) {
        const std::size_t other = movable_[draw(movable_.size())];
        if (std::ranges::find(chosen.first(n), other) != chosen.begin() + static_cast<std::ptrdiff_t>(n))
            continue;
        const Place place = now_.place(other), of_first = now_.place(first);
        bool near = tries >= 32 || !place.on[there].none();
        for (std::size_t node = 0; node < place.on.size() && !near; ++node)
            near = !place.on[node].none() && !of_first.on[node].none();
        if (near)
            chosen[n++] = other;
    }
    return n;
}

/// The first round goes on from where the stages before it came to, the last from the best of all, each other one from an empty machine.
void Search::begin_round() {
    const std::uint64_t round = (work_ - left_) * rounds_ / work_;
    if (round == round_)
        return;
    round_ = round;
    if (round + 1 < rounds_) {
        for (std::size_t i = movable_.size() - 1; i > 0; --i)
            std::swap(movable_[i], movable_[draw(i + 1)]);
        put_all();
    } else
        back_to_best();
    round_value_ = value_;
}

void Search::some() {
    begin_round();
    // The further a round has come, the less may be lost on the way, and its last part is spent near its best.
    const auto left = static_cast<Value>(1024 - ((work_ - left_) * rounds_ % work_ << 10) / work_); // of 1024
    const Value least =
        round_value_ - most_slack * (Valuation::weight_sum() >> 10) * std::max<Value>(left - at_the_best, 0);
    std::array<std::size_t, most_at_once> chosen;
    const std::size_t count = choose(chosen);
    const Value before = value_;
    for (std::size_t i = 0; i < count; ++i)
        keep(chosen[i], kept_[i]);
    for (std::size_t i = count - 1; i > 0; --i)
        std::swap(chosen[i], chosen[draw(i + 1)]);
    std::size_t put = 0;
    while (put < count && put_best(chosen[put]))
        ++put;
    if (put == count && (value_ >= before || value_ >= least)) {
        round_value_ = std::max(round_value_, value_);
        take_if_better();
        return;
    }
    for (std::size_t i = 0; i < put; ++i) {
        now_.lift(chosen[i]);
        value_ -= values_[chosen[i]];
    }
    for (std::size_t i = 0; i < count; ++i)
        put_back(kept_[i]);
}

} // namespace transom::affinity
