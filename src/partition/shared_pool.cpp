// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/partition/shared_pool.hpp>

namespace transom::partition {

namespace {

using State = Contender::State;

/// What is consumed beyond an entitlement counts the less the more weight there is.
std::uint64_t weighted(std::uint64_t ticks, const CapacityClaim& claim) { return ticks * 256 / claim.weight; }

Contender* longest_ready(const PoolMember& member) {
    Contender* oldest = nullptr;
    for (Contender* contender : member.contenders)
        if (contender->state == State::ready && (oldest == nullptr || contender->ready_since < oldest->ready_since))
            oldest = contender;
    return oldest;
}

bool all_wait(const PoolMember& member) {
    return std::ranges::all_of(member.contenders, [](const Contender* each) { return each->state == State::waits; });
}

} // namespace

void SharedPool::add(PoolMember& member, std::uint64_t now) {
    roll(now);
    member.budget = static_cast<std::int64_t>(quota(member.claim));
    member.consumed = 0;
    invariant(members_.push_back(&member), "too many partitions");
}

void SharedPool::remove(PoolMember& member) {
    invariant(all_wait(member), "a partition that leaves the pool still runs");
    const auto found = std::ranges::find(members_, &member);
    invariant(found != members_.end(), "a partition leaves a pool that it is not in");
    *found = members_[members_.size() - 1];
    members_.pop_back();
}

void SharedPool::ready(Contender& contender, std::uint64_t now) {
    invariant(contender.state == State::waits, "a virtual processor became ready twice");
    roll(now);
    PoolMember& member = *contender.member;
    // Time that was slept through is not saved up.
    if (all_wait(member))
        member.consumed = std::max(member.consumed, least_consumed_);
    contender.state = State::ready;
    contender.ready_since = now;
}

void SharedPool::withdraw(Contender& contender) {
    invariant(contender.state == State::ready, "a virtual processor that is not ready was withdrawn");
    contender.state = State::waits;
}

std::optional<Turn> SharedPool::next(std::uint64_t now) {
    roll(now);
    Contender* entitled = nullptr;
    Contender* excess = nullptr;
    for (const PoolMember* member : members_) {
        Contender* const candidate = longest_ready(*member);
        if (candidate == nullptr)
            continue;
        if (member->budget >= shortest_turn()) {
            if (entitled == nullptr || candidate->ready_since < entitled->ready_since)
                entitled = candidate;
        } else if (member->claim.takes_excess()) {
            if (excess == nullptr || member->consumed < excess->member->consumed)
                excess = candidate;
        }
    }
    Contender* const chosen = entitled != nullptr ? entitled : excess;
    if (chosen == nullptr)
        return {};
    PoolMember& member = *chosen->member;
    std::uint64_t ticks = std::min(quantum_, window_end() - now);
    chosen->on_excess = entitled == nullptr;
    if (chosen->on_excess) {
        least_consumed_ = member.consumed;
        member.consumed += weighted(ticks, member.claim);
    } else {
        ticks = std::min(ticks, static_cast<std::uint64_t>(member.budget));
        member.budget -= static_cast<std::int64_t>(ticks);
    }
    chosen->state = State::runs;
    chosen->granted = ticks;
    chosen->window = window_number_;
    return Turn{chosen, ticks};
}

bool SharedPool::has_turn() const {
    return std::ranges::any_of(members_, [this](const PoolMember* member) {
        return longest_ready(*member) != nullptr && (member->budget >= shortest_turn() || member->claim.takes_excess());
    });
}

void SharedPool::ran(Contender& contender, std::uint64_t ticks, bool wants_more, std::uint64_t now) {
    invariant(contender.state == State::runs, "a turn ended that never began");
    roll(now);
    PoolMember& member = *contender.member;
    if (contender.on_excess)
        member.consumed += weighted(ticks, member.claim) - weighted(contender.granted, member.claim);
    else if (ticks > contender.granted || contender.window == window_number_)
        member.budget += static_cast<std::int64_t>(contender.granted - ticks);
    contender.state = wants_more ? State::ready : State::waits;
    contender.ready_since = now;
}

/// A window also ends when what is left of it is no turn.
void SharedPool::roll(std::uint64_t now) {
    const std::uint64_t shortest = static_cast<std::uint64_t>(shortest_turn());
    if (now + shortest < window_end())
        return;
    const std::uint64_t windows = (now + shortest - window_begin_) / window_;
    window_begin_ += windows * window_;
    window_number_ += windows;
    for (PoolMember* member : members_) {
        const auto fresh = static_cast<std::int64_t>(quota(member->claim));
        // What was too little for a turn goes over, and so does a debt, which each window of those that have passed pays off.
        const std::int64_t carried = member->budget < shortest_turn() ? member->budget : 0;
        member->budget =
            std::min(carried + static_cast<std::int64_t>(windows) * fresh, fresh + std::max<std::int64_t>(carried, 0));
    }
}

} // namespace transom::partition
