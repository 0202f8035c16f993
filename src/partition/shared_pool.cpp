// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/partition/shared_pool.hpp>
#include <utility>

namespace transom::partition {

namespace {

using State = Contender::State;

/// What is consumed beyond an entitlement counts the less the more weight there is.
std::uint64_t weighted(std::uint64_t ticks, const CapacityClaim& claim) { return ticks * 256 / claim.weight; }

bool is_any_ready(const PoolMember& member) {
    return std::ranges::find(member.contenders, State::ready, &Contender::state) != member.contenders.end();
}

std::uint64_t count_ready(const PoolMember& member) {
    return static_cast<std::uint64_t>(std::ranges::count(member.contenders, State::ready, &Contender::state));
}

bool all_wait(const PoolMember& member) {
    return std::ranges::all_of(member.contenders, [](const Contender* each) { return each->state == State::waits; });
}

} // namespace

void SharedPool::set_nodes(std::span<const std::uint8_t> of_processor) {
    nodes_.clear();
    for (const std::uint8_t node : of_processor)
        invariant(nodes_.push_back(node), "more processors than the pool knows");
}

/// When it became ready; who is at home elsewhere comes a turn later.
std::uint64_t SharedPool::place_in_line(const Contender& contender, std::uint32_t processor) const {
    return contender.ready_since + (is_at_home(contender, processor) ? 0 : quantum_);
}

/// What its partition has consumed; the same.
std::uint64_t SharedPool::claim_to_excess(const Contender& contender, std::uint32_t processor) const {
    const PoolMember& member = *contender.member;
    return member.consumed + (is_at_home(contender, processor) ? 0 : weighted(quantum_, member.claim));
}

Contender* SharedPool::first_in_line(const PoolMember& member, std::uint32_t processor) const {
    Contender* first = nullptr;
    for (Contender* contender : member.contenders)
        if (contender->state == State::ready &&
            (first == nullptr || place_in_line(*contender, processor) < place_in_line(*first, processor)))
            first = contender;
    return first;
}

bool SharedPool::may_run(const PoolMember& member) const {
    return member.claim.dedicated() || member.budget >= shortest_turn() || member.claim.takes_excess();
}

void SharedPool::become_ready(Contender& contender, std::uint64_t now) const {
    contender.state = State::ready;
    contender.ready_since = now;
    contender.queued_since = may_run(*contender.member) ? now : Contender::never;
}

void SharedPool::add(PoolMember& member, std::uint64_t now) {
    roll(now);
    member.budget = static_cast<std::int64_t>(quota(member.claim));
    member.consumed = 0;
    members_.push_back(member);
}

void SharedPool::remove(PoolMember& member) {
    invariant(all_wait(member), "a partition that leaves the pool still runs");
    members_.remove(member);
    // Whoever runs on one of its processors goes on as on anybody's.
    for (PoolMember* other : members_)
        for (Contender* contender : other->contenders)
            if (contender->lender != nullptr && contender->lender->member == &member)
                contender->lender = nullptr;
}

void SharedPool::ready(Contender& contender, std::uint64_t now) {
    invariant(contender.state == State::waits, "a virtual processor became ready twice");
    roll(now);
    become_ready(contender, now);
}

/// Who did not want his part of the excess, because he slept or his entitlement was enough, does not get it later: he is behind by a window's
/// time at most, as who takes turns is.
void SharedPool::forget_what_was_not_taken(PoolMember& member) const {
    const std::uint64_t credit = weighted(window_, member.claim);
    if (least_consumed_ > credit)
        member.consumed = std::max(member.consumed, least_consumed_ - credit);
}

void SharedPool::withdraw(Contender& contender) {
    invariant(contender.state == State::ready, "a virtual processor that is not ready was withdrawn");
    contender.state = State::waits;
}

Contender* SharedPool::owner_of(std::uint32_t processor) const {
    for (const PoolMember* member : members_)
        if (member->claim.dedicated())
            for (Contender* contender : member->contenders)
                if (contender->home == processor)
                    return contender;
    return nullptr;
}

Turn SharedPool::begin(Contender& contender, std::uint64_t ticks, std::uint64_t now) {
    contender.state = State::runs;
    contender.queued_since = std::min(contender.queued_since, now);
    contender.granted = ticks;
    contender.window = window_number_;
    return {&contender, ticks};
}

std::optional<Turn> SharedPool::next(std::uint64_t now, std::uint64_t longest, std::uint32_t processor) {
    roll(now);
    Contender* const owner = processor == Contender::anywhere ? nullptr : owner_of(processor);
    if (owner != nullptr && owner->state == State::ready) {
        Turn turn = begin(*owner, std::min(window_, longest), now);
        turn.lent = std::exchange(owner->lent, 0);
        if (turn.lent != 0 && now - owner->lent_since < shortest_loan())
            owner->lends_from = window_end();
        return turn;
    }
    if (owner != nullptr && !may_borrow(*owner, now, longest))
        return {};
    Contender* entitled = nullptr;
    Contender* excess = nullptr;
    for (PoolMember* member : members_) {
        Contender* const candidate = first_in_line(*member, processor);
        if (candidate == nullptr || member->claim.dedicated())
            continue;
        if (member->budget >= shortest_turn()) {
            if (entitled == nullptr || place_in_line(*candidate, processor) < place_in_line(*entitled, processor))
                entitled = candidate;
        } else if (member->claim.takes_excess()) {
            forget_what_was_not_taken(*member);
            if (excess == nullptr || claim_to_excess(*candidate, processor) < claim_to_excess(*excess, processor))
                excess = candidate;
        }
    }
    Contender* const chosen = entitled != nullptr ? entitled : excess;
    if (chosen == nullptr)
        return {};
    PoolMember& member = *chosen->member;
    std::uint64_t ticks = std::min({quantum_, window_end() - now, longest});
    chosen->on_excess = entitled == nullptr;
    if (chosen->on_excess) {
        least_consumed_ = std::max(least_consumed_, member.consumed);
        member.consumed += weighted(ticks, member.claim);
    } else {
        const auto budget = static_cast<std::uint64_t>(member.budget);
        // The others that are ready are to have their part of the window's entitlement too, as far as it makes turns.
        ticks = std::min({ticks, budget, std::max(budget / count_ready(member), quantum_ * 2 / 5)});
        member.budget -= static_cast<std::int64_t>(ticks);
    }
    chosen->lender = owner;
    if (owner != nullptr)
        owner->lent_since = now;
    return begin(*chosen, ticks, now);
}

bool SharedPool::has_turn() const {
    return std::ranges::any_of(members_, [this](const PoolMember* member) {
        return !member->claim.dedicated() && is_any_ready(*member) && may_run(*member);
    });
}

void SharedPool::ran(Contender& contender, std::uint64_t ticks, bool wants_more, std::uint64_t now) {
    invariant(contender.state == State::runs, "a turn ended that never began");
    roll(now);
    PoolMember& member = *contender.member;
    member.used += ticks;
    if (Contender* const lender = std::exchange(contender.lender, nullptr))
        lender->lent += ticks;
    if (contender.on_excess)
        member.consumed += weighted(ticks, member.claim) - weighted(contender.granted, member.claim);
    else if (!member.claim.dedicated() && (ticks > contender.granted || contender.window == window_number_))
        member.budget += static_cast<std::int64_t>(contender.granted - ticks);
    if (wants_more)
        become_ready(contender, now);
    else
        contender.state = State::waits;
}

std::optional<Turn> SharedPool::hand_over(Contender& from, std::uint64_t ticks, bool wants_more, Contender& to,
                                          std::uint64_t now) {
    invariant((to.state == State::ready || &to == &from) && to.member == from.member && from.lender == nullptr,
              "a turn is handed to one that cannot take it");
    const std::uint64_t left = from.granted > ticks ? from.granted - ticks : 0;
    roll(now);
    if (left < static_cast<std::uint64_t>(shortest_turn()) || from.window != window_number_) {
        ran(from, ticks, wants_more, now);
        return {};
    }
    // What is left stays taken from the account: only who uses it changes.
    if (from.on_excess)
        from.member->consumed += weighted(ticks, from.member->claim) + weighted(left, from.member->claim) -
                                 weighted(from.granted, from.member->claim); // as each is rounded by itself
    from.granted = ticks;
    ran(from, ticks, wants_more, now);
    to.on_excess = from.on_excess;
    return begin(to, left, now);
}

/// What goes over into the next window: what was too little for a turn; a debt; and what those who were ready could have used, had
/// they not had to wait for others' turns, which a busy host may have made longer than they were to be.
std::int64_t SharedPool::carried_over(const PoolMember& member) const {
    // A debt of more than a second of windows is the host's doing, which may have stopped everything for long.
    constexpr std::int64_t most_windows_owed = 100;
    if (member.budget < shortest_turn())
        return std::max(member.budget, -most_windows_owed * static_cast<std::int64_t>(quota(member.claim)));
    std::uint64_t waited = 0;
    for (const Contender* contender : member.contenders)
        if (contender->state == State::ready && contender->queued_since < window_end())
            waited += window_end() - std::max(contender->queued_since, window_begin_);
    const std::uint64_t most = std::min(static_cast<std::uint64_t>(member.budget), quota(member.claim));
    return static_cast<std::int64_t>(std::min(most, waited));
}

/// A window also ends when what is left of it is no turn.
void SharedPool::roll(std::uint64_t now) {
    const std::uint64_t shortest = static_cast<std::uint64_t>(shortest_turn());
    if (now + shortest < window_end())
        return;
    const std::uint64_t windows = (now + shortest - window_begin_) / window_;
    for (PoolMember* member : members_) {
        const auto fresh = static_cast<std::int64_t>(quota(member->claim));
        const std::int64_t carried = carried_over(*member);
        // Each window of those that have passed pays off a debt.
        member->budget =
            std::min(carried + static_cast<std::int64_t>(windows) * fresh, fresh + std::max<std::int64_t>(carried, 0));
    }
    window_begin_ += windows * window_;
    window_number_ += windows;
    for (PoolMember* member : members_)
        if (may_run(*member))
            for (Contender* contender : member->contenders)
                if (contender->state == State::ready)
                    contender->queued_since = std::min(contender->queued_since, window_begin_);
}

} // namespace transom::partition
