// SPDX-License-Identifier: Apache-2.0
#include <transom/migrate/page_order.hpp>

namespace transom::migrate {

namespace {

/// In no state to be sent, now or ever: what is left in a set of a page that has gone.
bool has_gone(PageStatus status) {
    return status == PageStatus::sent || status == PageStatus::sending || status == PageStatus::handed;
}

} // namespace

void AddressOrder::begin_pass(unsigned pass) {
    table_.to_send().take(table_.altered());
    cursor_ = {};
    stopped_ = pass == 0;
}

std::optional<Choice> AddressOrder::next() {
    while (const auto page = table_.to_send().next(cursor_)) {
        cursor_ = {page->value + 1};
        const PageStatus status = table_.state(*page).status();
        if (status == PageStatus::pinned && !stopped_)
            continue;
        table_.to_send().remove(*page);
        if (!has_gone(status))
            return Choice{*page, Choice::Step::send};
    }
    return {};
}

void StateOrder::begin_pass(unsigned pass) {
    table_.to_send().take(table_.altered());
    pass_ = pass;
    cursor_ = {};
    lap_ = pass > 1 ? Lap::watch : Lap::markers; // in the first nobody can store yet
}

void StateOrder::begin_stop() {
    begin_pass(pass_ + 1);
    lap_ = Lap::stop;
}

std::optional<Choice> StateOrder::next() {
    while (lap_ != Lap::over) {
        const auto page = table_.to_send().next(cursor_);
        if (!page) {
            lap_ = lap_ >= Lap::altered_rest ? Lap::over : static_cast<Lap>(static_cast<unsigned>(lap_) + 1);
            cursor_ = {};
            continue;
        }
        cursor_ = {page->value + 1};
        switch (judge(*page, table_.state(*page))) {
        case Fate::pass_by:
            break;
        case Fate::forget:
            table_.to_send().remove(*page);
            break;
        case Fate::watch:
            return Choice{*page, Choice::Step::watch};
        case Fate::send:
            table_.to_send().remove(*page);
            return Choice{*page, Choice::Step::send};
        }
    }
    return {};
}

StateOrder::Fate StateOrder::judge(PageIndex page, PageState state) {
    const PageStatus status = state.status();
    if (has_gone(status))
        return Fate::forget;
    if (lap_ == Lap::stop)
        return Fate::send;
    const std::uint32_t stores = table_.stores(page), easy = limits_.easy_in(pass_);
    if (lap_ == Lap::watch) {
        // Once a pass, at its beginning: no page becomes hot, or ceases to be, more than once a pass.
        if (status == PageStatus::hot && stores == 0)
            table_.cool(page); // nobody stored to it for a whole pass
        else if (status == PageStatus::stale && state.heat() >= limits_.hot)
            table_.heat(page);
        return stores != 0 && status != PageStatus::pinned ? Fate::watch : Fate::pass_by;
    }
    if (migration_of(state, stores, easy) != Migration::appropriate)
        return Fate::pass_by;
    const bool fresh = status == PageStatus::fresh, altered = status == PageStatus::stale;
    bool now = false;
    switch (lap_) {
    case Lap::markers:
        now = !fresh && !altered;
        break;
    case Lap::fresh_quiet:
        now = fresh && stores == 0;
        break;
    case Lap::fresh_few:
        now = fresh && stores <= 2;
        break;
    case Lap::fresh_rest:
        now = fresh;
        break;
    case Lap::altered_quiet:
        now = altered && stores == 0;
        break;
    default:
        now = altered;
        break;
    }
    return now ? Fate::send : Fate::pass_by;
}

} // namespace transom::migrate
