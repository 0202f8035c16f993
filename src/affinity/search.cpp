// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <new>
#include <transom/affinity/room.hpp>
#include <transom/affinity/search.hpp>

namespace transom::affinity {

namespace {

/// Small systems are searched from so many beginnings.
constexpr std::uint64_t most_rounds = 16;

/// Of so many nodes one is passed over.
constexpr std::uint64_t passed_over_of = 2;

} // namespace

Bytes Search::room_for(std::size_t nodes, std::size_t partitions) {
    return 2 * Allocation::room_for(nodes, partitions) + bytes_for<Value>(partitions) +
           2 * bytes_for<std::uint16_t>(partitions) + bytes_for<bool>(partitions);
}

Search::Search(const Valuation& valuation, std::uint64_t work, std::span<std::byte> room)
    : valuation_(valuation), work_(std::max<std::uint64_t>(work, 1)), left_(work_),
      now_(valuation.current().nodes(), valuation.current().partitions(), room),
      best_(valuation.current().nodes(), valuation.current().partitions(),
            room.subspan(
                Allocation::room_for(valuation.current().nodes().count(), valuation.current().partitions().size()))) {
    const Allocation& current = valuation.current();
    const std::size_t nodes = current.nodes().count(), partitions = current.partitions().size();
    Room pieces(room.subspan(2 * Allocation::room_for(nodes, partitions)));
    values_ = pieces.take<Value>(partitions);
    movable_ = pieces.take<std::uint16_t>(partitions);
    changed_ = pieces.take<std::uint16_t>(partitions);
    is_changed_ = pieces.take<bool>(partitions);
    now_.copy(current);
    best_.copy(current);
    std::size_t count = 0;
    for (std::size_t p = 0; p < partitions; ++p) {
        values_[p] = valuation_.of(p, now_.place(p));
        value_ += values_[p];
        const Partition& one = current.partitions()[p];
        anybody_asked_ = anybody_asked_ || one.asked;
        if (!one.stays && one.size.memory != 0 && one.size.processing() != 0)
            movable_[count++] = static_cast<std::uint16_t>(p);
    }
    best_value_ = value_;
    movable_ = movable_.first(count);
    rounds_ = std::clamp<std::uint64_t>(work_ / (32 * partitions * nodes + 1), 1, most_rounds);
    if (count == 0 || nodes < 2)
        stage_ = Stage::over;
    else
        sort_by_loss();
}

/// Marsaglia's xorshift: it has to be the same each time, not secret.
std::uint64_t Search::draw(std::uint64_t below) {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return random_ % below;
}

void Search::sort_by_loss() {
    const auto loss = [&](std::uint16_t p) { return valuation_.loss(p, now_.place(p)); };
    std::ranges::sort(movable_, [&](std::uint16_t a, std::uint16_t b) {
        const Value of_a = loss(a), of_b = loss(b);
        return of_a != of_b ? of_a > of_b : a < b;
    });
}

void Search::sort_by_size() {
    // By the greater of its shares of the machine.
    std::uint64_t memory = 1, processing = 1;
    for (const Amounts& amounts : now_.nodes().capacity()) {
        memory += amounts.memory;
        processing += amounts.processing;
    }
    const auto share = [&](std::uint16_t p) {
        const Size& size = now_.partitions()[p].size;
        return std::max((std::uint64_t{size.memory} << 30) / memory,
                        (std::uint64_t{size.processing()} << 30) / processing);
    };
    std::ranges::sort(movable_, [&](std::uint16_t a, std::uint16_t b) {
        const std::uint64_t of_a = share(a), of_b = share(b);
        return of_a != of_b ? of_a > of_b : a < b;
    });
}

bool Search::put_best(std::size_t partition) {
    Spot spot;
    std::uint64_t places = 1;
    const auto value_of = [&](const Place& place) {
        ++places;
        return valuation_.of(partition, place);
    };
    const Size& size = now_.partitions()[partition].size;
    // What is best for each alone is not best for all, so some nodes are passed over, by chance.
    bool found = stage_ == Stage::some &&
                 best_spot(now_.nodes(), size, now_.free(), Care::quick, spot, value_of, [&](NodeIndex) {
                     return draw(passed_over_of) == 0;
                 }).has_value();
    found = found || best_spot(now_.nodes(), size, now_.free(), Care::quick, spot, value_of).has_value();
    left_ -= std::min(left_, places);
    if (!found)
        return false;
    const Place place = spot.place(now_.nodes().count());
    now_.put(partition, place);
    change(partition);
    values_[partition] = valuation_.of(partition, place);
    value_ += values_[partition];
    return true;
}

void Search::keep(std::size_t partition, Kept& kept) {
    const Place place = now_.place(partition);
    kept.partition = partition;
    kept.value = values_[partition];
    kept.spot.page_table = place.page_table;
    std::ranges::copy(place.on, kept.spot.on.begin());
    now_.lift(partition);
    value_ -= kept.value;
}

void Search::put_back(const Kept& kept) {
    now_.put(kept.partition, kept.spot.place(now_.nodes().count()));
    values_[kept.partition] = kept.value;
    value_ += kept.value;
}

/// What was changed since best_ was made is in changed_.
void Search::change(std::size_t partition) {
    if (!is_changed_[partition]) {
        is_changed_[partition] = true;
        changed_[changed_count_++] = static_cast<std::uint16_t>(partition);
    }
}

void Search::take_if_better() {
    // Where nobody asked a greater value is a greater score.
    if (value_ <= best_value_ || (anybody_asked_ && !valuation_.is_permitted(now_)))
        return;
    const auto changed = changed_.first(changed_count_);
    for (const std::uint16_t p : changed)
        best_.lift(p);
    for (const std::uint16_t p : changed) {
        best_.put(p, now_.place(p));
        is_changed_[p] = false;
    }
    changed_count_ = 0;
    best_value_ = value_;
}

void Search::back_to_best() {
    now_.copy(best_);
    value_ = 0;
    for (std::size_t p = 0; p < values_.size(); ++p)
        value_ += values_[p] = valuation_.of(p, now_.place(p));
    std::ranges::fill(is_changed_, false);
    changed_count_ = 0;
}

void Search::each() {
    if (next_ == movable_.size()) {
        take_if_better();
        stage_ = Stage::all;
        return;
    }
    const std::size_t partition = movable_[next_++];
    keep(partition, kept_[0]);
    const Value before = value_ + kept_[0].value;
    if (!put_best(partition))
        put_back(kept_[0]);
    else if (value_ < before) {
        now_.lift(partition);
        value_ -= values_[partition];
        put_back(kept_[0]);
    }
}

/// Takes all out, and puts them in again in the order of movable_.
void Search::put_all() {
    for (const std::uint16_t p : movable_) {
        now_.lift(p);
        value_ -= values_[p];
    }
    for (const std::uint16_t p : movable_)
        if (!put_best(p))
            return back_to_best(); // what is left has no room: it is no allocation
    take_if_better();
}

void Search::all() {
    sort_by_size();
    put_all();
    if (value_ < best_value_)
        back_to_best();
    stage_ = Stage::some;
    round_value_ = value_;
}

bool Search::improve(std::uint64_t work) {
    const std::uint64_t until = left_ > work ? left_ - work : 0;
    while (stage_ != Stage::over && left_ > until) {
        switch (stage_) {
        case Stage::each:
            each();
            break;
        case Stage::all:
            all();
            break;
        default:
            some();
        }
    }
    if (left_ == 0)
        stage_ = Stage::over;
    return stage_ != Stage::over;
}

} // namespace transom::affinity
