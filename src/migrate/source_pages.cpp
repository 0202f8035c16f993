// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <new>
#include <transom/base/panic.hpp>
#include <transom/migrate/source_pages.hpp>
#include <utility>

namespace transom::migrate {

namespace {

/// More than what connections buffer.
constexpr Bytes bandwidth_sample = mib(4);

constexpr Bytes entries_size(std::uint64_t pages) { return (pages * sizeof(std::uint16_t) + 7) / 8 * 8; }

/// Takes objects from the beginning of a room.
template <class T> std::span<T> take(std::span<std::byte>& room, std::uint64_t count, Bytes size) {
    invariant(room.size() >= size, "the room for page states is too small");
    T* const first = reinterpret_cast<T*>(room.data());
    for (std::uint64_t i = 0; i < count; ++i)
        new (first + i) T{};
    room = room.subspan(size);
    return {first, count};
}

PageStateMemory divide(Bytes memory, Bytes granule, std::span<std::byte> room) {
    const std::uint64_t pages = PageStateTable::pages_of(memory, granule), words = PageSet::words_for(pages);
    const std::uint64_t regions = PageStateTable::regions_of(memory);
    PageStateMemory parts;
    parts.regions = take<LargeGrants>(room, regions, regions * sizeof(LargeGrants));
    parts.to_send = take<std::uint64_t>(room, words, words * sizeof(std::uint64_t));
    parts.altered = take<std::uint64_t>(room, words, words * sizeof(std::uint64_t));
    parts.pages = take<std::uint16_t>(room, pages, entries_size(pages));
    return parts;
}

} // namespace

Bytes SourcePages::room_for(Bytes memory, Bytes granule) {
    const std::uint64_t pages = PageStateTable::pages_of(memory, granule);
    return PageStateTable::regions_of(memory) * sizeof(LargeGrants) +
           2 * PageSet::words_for(pages) * sizeof(std::uint64_t) + entries_size(pages);
}

SourcePages::SourcePages(Bytes memory, Bytes granule, std::span<std::byte> room, const PageRules& rules)
    : table_(memory, granule, divide(memory, granule, room)), order_(table_, rules.order),
      meter_(rules.frequency, bandwidth_sample / granule), rules_(rules) {}

void SourcePages::begin_pass(Ticks now, const TrackingCosts& costs) {
    order_.begin_pass(++pass_);
    began_ = now;
    sends_ = sends_in_full_ = 0;
    over_.reset();
    meter_.begin_pass(now, PageCounts::of(table_, costs));
}

SourcePages::Next SourcePages::next(Ticks now) {
    const Next step = look(now);
    if (step.step == Choice::Step::over && !over_)
        over_.emplace(now, table_.touched());
    return step;
}

SourcePages::Next SourcePages::look(Ticks now) {
    if (std::exchange(stop_begins_, false)) {
        sends_ = 0;
        meter_.watched(now, table_.touched());
    }
    if (std::exchange(watching_, false)) {
        began_ = now;
        meter_.watched(now, table_.touched());
    }
    meter_.sample(now, table_.touched());
    if (!stopped_ && pass_is_overlong(now - began_, table_.pages(), result_.bandwidth, rules_.frequency))
        return {};
    const Choice choice = order_.next();
    watching_ = choice.step == Choice::Step::watch;
    if (choice.step != Choice::Step::send)
        return {.step = choice.step};
    if (order_.claim(choice.page))
        return {Choice::Step::send, choice.page, ++copies_};
    if (!stopped_) // else it was demanded meanwhile
        order_.put_off(choice.page);
    return {.step = Choice::Step::look};
}

void SourcePages::sent(PageIndex page, bool in_full) {
    table_.sent(page); // or altered meanwhile: then it goes again
    ++sends_;
    sends_in_full_ += in_full ? 1 : 0;
}

Decision SourcePages::end_pass(Ticks now, const TrackingCosts& costs, Ticks table) {
    PageCounts counts = PageCounts::of(table_, costs);
    const auto [end, touched] = over_.value_or(std::pair(now, counts.touched));
    counts.touched = touched;
    result_ = meter_.end_pass(end, counts, sends_, sends_in_full_);
    result_.table = (table * result_.bandwidth + rules_.frequency - 1) / rules_.frequency;
    if (result_.bandwidth != 0)
        result_.predicted_stop += table;
    sends_ = 0; // the next pass has not begun, and its estimate has
    const Decision decision = decide(result_, slowed_, rules_.decision);
    slowed_ = decision.throttle;
    return decision;
}

std::optional<MoveEstimate> SourcePages::estimate(Ticks now) const {
    const std::uint64_t bandwidth = meter_.bandwidth(now, sends_);
    if (stopped_) {
        const std::uint64_t left = table_.pages_left();
        if (bandwidth == 0)
            return {};
        return MoveEstimate{left * 1000 / bandwidth, left * 1000 / bandwidth, left};
    }
    const bool first = result_.pass == 0;
    const std::uint64_t of_pass = first ? table_.pages() : result_.left;
    PassUnderWay pass{.pass = pass_,
                      .to_send = of_pass - std::min(sends_, of_pass),
                      .left = result_.predicted_left,
                      .table = result_.table,
                      .bandwidth = bandwidth,
                      .dirty_rate = result_.dirty_rate};
    if (first && bandwidth != 0) {
        // As it has stored so far it stores until the end of the pass: never less than then will be left.
        pass.dirty_rate = meter_.dirty_rate(now, table_.touched());
        pass.left = std::min(of_pass * pass.dirty_rate / bandwidth, of_pass);
    }
    return migrate::estimate(pass, rules_.decision);
}

void SourcePages::begin_stop() {
    stopped_ = stop_begins_ = true;
    order_.begin_stop();
}

std::optional<CopyOrder> SourcePages::demand(PageIndex page) {
    invariant(stopped_, "a page is demanded of a partition that runs here");
    if (page.value >= table_.pages() || !table_.claim_stopped(page))
        return {};
    order_.go_on_after(page); // who needs a page needs its neighbours soon
    return ++copies_;
}

void SourcePages::owe_again(PageIndex page) {
    if (table_.state(page).status() == PageStatus::sent)
        table_.written(table_.address_of(page), 1);
}

} // namespace transom::migrate
