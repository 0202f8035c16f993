// SPDX-License-Identifier: Apache-2.0
#include <transom/migrate/page_order.hpp>

namespace transom::migrate {

namespace {

/// What one call looks at, so that it takes some tens of microseconds. Of a region with something to tell it is all pages, 4096 at most.
constexpr unsigned pages_per_look = 1024, words_per_look = 512, regions_per_look = 256;

/// What is left in a set of a page that has gone: sent, or in a sender's hands, who puts it into a set again if it has to be.
bool has_gone(PageStatus status) {
    return status == PageStatus::sent || status == PageStatus::sending || status == PageStatus::overtaken;
}

} // namespace

std::optional<OrderPolicy> order_policy(std::string_view name) {
    if (name == "state")
        return OrderPolicy::by_state;
    if (name == "address")
        return OrderPolicy::by_address;
    return {};
}

void PageOrder::begin_pass(unsigned pass) {
    first_ = pass == 1;
    stopped_ = false;
    enter(Lap::tell);
}

void PageOrder::begin_stop() {
    stopped_ = true;
    enter(Lap::tell);
}

bool PageOrder::claim(PageIndex page) {
    if (stopped_)
        return table_.claim_stopped(page);
    return limits_.policy == OrderPolicy::by_address ? table_.claim_as_it_is(page) : table_.claim(page);
}

void PageOrder::go_on_after(PageIndex page) {
    if (lap_ != Lap::stop)
        return;
    cursor_ = {page.value + 1};
    skipped_ = true;
}

void PageOrder::enter(Lap lap) {
    skipped_ = false;
    lap_ = lap;
    cursor_ = {};
    region_ = 0;
}

void PageOrder::go_on() {
    switch (lap_) {
    case Lap::gather:
        return enter(after_gather());
    case Lap::watch:
        return enter(limits_.policy == OrderPolicy::by_address ? Lap::upwards : Lap::fresh);
    case Lap::altered:
    case Lap::upwards:
    case Lap::stop:
    case Lap::over:
        return enter(Lap::over);
    default:
        return enter(static_cast<Lap>(static_cast<unsigned>(lap_) + 1));
    }
}

PageOrder::Lap PageOrder::after_gather() const {
    if (stopped_)
        return Lap::stop;
    if (limits_.policy == OrderPolicy::by_address)
        return first_ ? Lap::upwards : Lap::watch;
    return first_ ? Lap::fresh : Lap::heat;
}

Choice PageOrder::next() {
    for (unsigned looks = 0; looks < pages_per_look; ++looks) {
        switch (lap_) {
        case Lap::over:
            return {};
        case Lap::tell:
            if (!tell_next())
                go_on();
            return {.step = Choice::Step::look};
        case Lap::gather:
            if (const auto rest = table_.to_send().take(table_.altered(), cursor_, words_per_look))
                cursor_ = *rest;
            else
                go_on();
            return {.step = Choice::Step::look};
        case Lap::watch:
            go_on();
            return {.step = Choice::Step::watch};
        default:
            break;
        }
        const auto page = table_.to_send().next(cursor_);
        if (!page) {
            if (skipped_)
                enter(lap_); // from the beginning, once more
            else
                go_on();
            continue;
        }
        cursor_ = {page->value + 1};
        if (lap_ == Lap::heat) {
            judge_heat(*page);
        } else if (has_gone(table_.state(*page).status())) {
            table_.to_send().remove(*page);
        } else if (turn_of(*page)) {
            table_.to_send().remove(*page);
            return {Choice::Step::send, *page};
        }
    }
    return {.step = Choice::Step::look};
}

/// False: all regions have been told.
bool PageOrder::tell_next() {
    for (const std::uint64_t end = region_ + regions_per_look; region_ < end && region_ < table_.regions();) {
        const std::uint64_t region = region_++;
        if (!table_.region(region).unspread())
            continue;
        table_.spread(region);
        break;
    }
    return region_ < table_.regions();
}

void PageOrder::judge_heat(PageIndex page) {
    const PageState state = table_.state(page);
    if (state.status() == PageStatus::hot && table_.stores(page) == 0)
        table_.cool(page); // nobody stored to it for a whole pass
    else if (state.status() == PageStatus::stale && state.heat() >= limits_.hot)
        table_.heat(page);
}

/// Somebody may have changed its state meanwhile: then a lap passes a page by that was its own, and the claim says so of one that
/// was not.
bool PageOrder::turn_of(PageIndex page) const {
    if (lap_ == Lap::stop || lap_ == Lap::upwards)
        return true;
    const PageState state = table_.state(page);
    const std::uint32_t stores = table_.stores(page);
    if (migration_of(state, stores) != Migration::appropriate)
        return false;
    constexpr auto never_sent = cost_of({PageStatus::fresh, PageState::max_heat, 0}, 0, 0);
    constexpr auto seldom = cost_of({PageStatus::stale, 1, 0}, 0, 0);
    const PageCost cost = cost_of(state, stores, 0);
    return lap_ == Lap::altered || cost <= (lap_ == Lap::fresh ? never_sent : seldom);
}

} // namespace transom::migrate
