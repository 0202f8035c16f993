// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <random>
#include <transom/migrate/page_cost.hpp>
#include <transom/migrate/page_state_atomic.hpp>

namespace transom::migrate {
namespace {

using enum PageStatus;
using enum PageEvent;

constexpr std::array all_statuses{fresh, zero, sending, sent, stale, hot, pinned, handed, poisoned};
constexpr std::array all_events{grant, ungrant, write,   claim, claim_stopped, finish, give_back,
                                heat,  cool,    discard, pin,   unpin,         poison, hand_over};
static_assert(all_statuses.size() == page_statuses && all_events.size() == page_events);

constexpr PageState of(PageStatus status, unsigned heat_of = 0, unsigned stores = 0) {
    return {status, heat_of, stores};
}

// Who stores, or may from now on, makes a page that the target has, or is about to have, one that it has not (P1, P5, R39).
static_assert(next(sent, grant) == stale && next(sending, grant) == stale);
static_assert(next(sent, write) == stale && next(sending, write) == stale);
// Only what is being sent becomes sent (P3).
static_assert([] {
    for (const PageStatus status : all_statuses)
        if (next(status, finish).has_value() != (status == sending))
            return false;
    return true;
}());
// Nothing leaves the target's, nothing heals poison.
static_assert([] {
    for (const PageEvent event : all_events)
        if (next(handed, event).value_or(handed) != handed || next(poisoned, event).value_or(poisoned) != poisoned)
            return false;
    return true;
}());

TEST(PageState, KeepsItsThreeFieldsApart) {
    EXPECT_EQ(PageState(poisoned, 0, 0).bits, 0x8000);
    EXPECT_EQ(PageState(stale, 15, 255).bits, 0x4fff);
    const PageState state(hot, 9, 17);
    EXPECT_EQ(state.status(), hot);
    EXPECT_EQ(state.heat(), 9u);
    EXPECT_EQ(state.stores(), 17u);
}

// R42, R43: one up for each grant, one down for each that ends, in every state that a page with grants can be in.
TEST(PageState, R42_R43_CountsGrants) {
    for (const PageStatus status : {fresh, stale, hot, pinned, poisoned}) {
        const auto more = after(of(status, 1, 7), grant);
        ASSERT_TRUE(more.has_value());
        EXPECT_EQ(more->stores(), 8u);
        EXPECT_EQ(after(*more, ungrant)->stores(), 7u);
        EXPECT_FALSE(after(of(status, 1, 0), ungrant).has_value());
    }
}

// R44: more grants than can be counted, and it is never 0 again.
TEST(PageState, R44_SaturatesAndStays) {
    PageState state = of(fresh);
    for (int i = 0; i < 300; ++i)
        state = *after(state, grant);
    EXPECT_TRUE(state.saturated());
    for (int i = 0; i < 300; ++i)
        state = *after(state, ungrant);
    EXPECT_EQ(state.stores(), PageState::max_stores);
    EXPECT_FALSE(after(state, claim).has_value());
    EXPECT_EQ(after(state, claim_stopped)->status(), sending);
    EXPECT_EQ(migration_of(state, state.stores(), ~0u), Migration::not_appropriate);
}

TEST(PageState, ClaimsAndDiscardsOnlyWhatNobodyCanStoreTo) {
    for (const PageEvent event : {claim, discard}) {
        EXPECT_TRUE(after(of(fresh, 0, 0), event).has_value());
        EXPECT_FALSE(after(of(fresh, 0, 1), event).has_value());
        EXPECT_TRUE(after(of(stale, 2, 0), event).has_value());
        EXPECT_FALSE(after(of(stale, 2, 1), event).has_value());
    }
    EXPECT_FALSE(after(of(hot, 3, 0), claim).has_value());
    EXPECT_FALSE(after(of(pinned, 1, 0), claim).has_value());
    EXPECT_FALSE(after(of(sending, 0, 0), claim).has_value()); // one owner (P6)
}

// R39, P3: altered while it is read, it does not become sent; and each time counts once.
TEST(PageState, R39_AlteredWhileSentGoesAgain) {
    PageState state = *after(of(fresh), claim);
    state = *after(state, grant);
    EXPECT_EQ(state, of(stale, 1, 1));
    EXPECT_FALSE(after(state, finish).has_value());
    state = *after(state, grant); // another mapping of it: no alteration more
    EXPECT_EQ(state, of(stale, 1, 2));
    state = *after(*after(*after(*after(state, ungrant), ungrant), claim), finish);
    EXPECT_EQ(state, of(sent, 1, 0));
    EXPECT_EQ(after(state, write), of(stale, 2, 0));
    EXPECT_EQ(after(of(sent, 15, 0), write), of(stale, 15, 0));
    EXPECT_EQ(after(of(sending, 1, 0), give_back), of(stale, 1, 0)); // R60: lost is not altered
}

TEST(PageState, StaysPinnedUntilTheLastPinIsGone) {
    PageState state = *after(of(sent, 2, 0), pin);
    state = *after(state, pin);
    state = *after(state, write);
    EXPECT_EQ(state, of(pinned, 2, 0));
    state = *after(state, unpin);
    EXPECT_EQ(state, of(pinned, 1, 0));
    EXPECT_EQ(after(state, unpin), of(stale, 0, 0));
    for (int i = 0; i < 20; ++i)
        state = *after(state, pin);
    for (int i = 0; i < 20; ++i)
        state = *after(state, unpin);
    EXPECT_EQ(state.status(), pinned); // more than can be counted
}

// R36: a total order, in which neither a mapping more nor an alteration more makes a page easier.
TEST(PageState, R36_ComplexityIsMonotone) {
    for (const PageStatus status : {fresh, stale, hot, pinned})
        for (unsigned n = 0; n < 254; ++n)
            EXPECT_LT(cost_of(of(status, 1, n), n, kib(64)), cost_of(of(status, 1, n + 1), n + 1, kib(64)));
    for (unsigned n = 0; n < 15; ++n)
        EXPECT_LT(cost_of(of(stale, n, 3), 3, kib(64)), cost_of(of(stale, n + 1, 3), 3, kib(64)));
    EXPECT_LT(cost_of(of(fresh), 0, kib(4)), cost_of(of(fresh), 0, kib(64)));
    constexpr std::array ascending{zero, fresh, stale, hot, pinned};
    for (std::size_t i = 1; i < ascending.size(); ++i)
        EXPECT_LT(cost_of(of(ascending[i - 1]), 0, kib(4)), cost_of(of(ascending[i]), 0, kib(4)));
}

// R37: one of three answers for each state.
TEST(PageState, R37_IsMigratedAppropriateOrNot) {
    EXPECT_EQ(migration_of(of(sent), 0, 0), Migration::migrated);
    EXPECT_EQ(migration_of(of(handed), 0, 0), Migration::migrated);
    EXPECT_EQ(migration_of(of(fresh, 0, 2), 2, 2), Migration::appropriate);
    EXPECT_EQ(migration_of(of(fresh, 0, 3), 3, 2), Migration::not_appropriate);
    EXPECT_EQ(migration_of(of(stale, 1, 0), 0, 0), Migration::appropriate);
    EXPECT_EQ(migration_of(of(stale, 1, 0), 1, 0), Migration::not_appropriate); // by a large page
    EXPECT_EQ(migration_of(of(zero), 0, 0), Migration::appropriate);
    for (const PageStatus status : {sending, hot, pinned})
        EXPECT_EQ(migration_of(of(status), 0, 254), Migration::not_appropriate);
}

// Whatever happens in whatever order: with a grant alive the page is never one that the target has, nor one that is being read.
TEST(PageState, NoSequenceHidesAGrant) {
    std::mt19937 random(1);
    for (int run = 0; run < 2000; ++run) {
        std::uint16_t entry = 0;
        unsigned grants = 0;
        for (int step = 0; step < 200; ++step) {
            const PageEvent event = all_events[random() % all_events.size()];
            if (event == claim_stopped || (event == ungrant && grants == 0))
                continue;
            const auto changed = change(entry, event);
            if (changed && (event == grant || event == ungrant))
                grants += event == grant ? 1 : -1;
            const PageState now = load(entry);
            ASSERT_EQ(now.stores(), grants);
            if (grants != 0) {
                ASSERT_THAT(now.status(), testing::AnyOf(fresh, stale, hot, pinned, poisoned));
            }
        }
    }
}

} // namespace
} // namespace transom::migrate
