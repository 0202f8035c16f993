// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <random>
#include <transom/migrate/page_cost.hpp>
#include <transom/migrate/page_state_atomic.hpp>

namespace transom::migrate {
namespace {

using enum PageStatus;
using enum PageEvent;

constexpr std::array all_statuses{fresh, sending, overtaken, sent, stale, hot};
constexpr std::array all_events{grant,          ungrant, write,     claim, claim_stopped,
                                claim_as_it_is, finish,  give_back, heat,  cool};
static_assert(all_statuses.size() == page_statuses && all_events.size() == page_events);

constexpr PageState of(PageStatus status, unsigned heat_of = 0, unsigned stores = 0) {
    return {status, heat_of, stores};
}

// Who stores, or may from now on, makes a page that the target has, or is about to have, one that it has not (P1, P5, R39).
static_assert(next(sent, grant) == stale && next(sending, grant) == overtaken);
static_assert(next(sent, write) == stale && next(sending, write) == overtaken);
// Only what is being sent, and was not altered meanwhile, becomes sent (P3); what a sender has is claimed by nobody else (P6).
static_assert([] {
    for (const PageStatus status : all_statuses) {
        if ((next(status, finish) == sent) != (status == sending))
            return false;
        const bool in_hand = status == sending || status == overtaken;
        if (next(status, finish).has_value() != in_hand ||
            (in_hand && (next(status, claim) || next(status, claim_stopped) || next(status, claim_as_it_is))))
            return false;
    }
    return true;
}());
// Grants, their ends and writes happen to a page whatever its state: those who make them need not ask.
static_assert([] {
    for (const PageStatus status : all_statuses)
        for (const PageEvent event : {grant, ungrant, write})
            if (!next(status, event))
                return false;
    return true;
}());

TEST(PageState, KeepsItsThreeFieldsApart) {
    EXPECT_EQ(PageState(hot, 0, 0).bits, 0x5000);
    EXPECT_EQ(PageState(stale, 15, 255).bits, 0x4fff);
    const PageState state(hot, 9, 17);
    EXPECT_EQ(state.status(), hot);
    EXPECT_EQ(state.heat(), 9u);
    EXPECT_EQ(state.stores(), 17u);
}

// R42, R43: one up for each grant, one down for each that ends, in every state that a page with grants can be in.
TEST(PageState, R42_R43_CountsGrants) {
    for (const PageStatus status : {fresh, stale, hot, overtaken}) {
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
    EXPECT_EQ(migration_of(state, state.stores()), Migration::not_appropriate);
}

TEST(PageState, P3_ClaimsOnlyWhatNobodyCanStoreTo) {
    EXPECT_TRUE(after(of(fresh, 0, 0), claim).has_value());
    EXPECT_FALSE(after(of(fresh, 0, 1), claim).has_value());
    EXPECT_TRUE(after(of(stale, 2, 0), claim).has_value());
    EXPECT_FALSE(after(of(stale, 2, 1), claim).has_value());
    EXPECT_FALSE(after(of(hot, 3, 0), claim).has_value());
    EXPECT_EQ(after(of(hot, 3, 1), claim_stopped), of(sending, 3, 1));
}

// P6: what one sender has no other one gets, not even when everything is stopped.
TEST(PageState, P6_OnePageHasOneSender) {
    for (const PageStatus status : {sending, overtaken})
        for (const PageEvent event : {claim, claim_stopped, claim_as_it_is})
            EXPECT_FALSE(after(of(status), event).has_value());
}

// Claimed though somebody can store to it, it never becomes sent: whoever can need not tell that he does.
TEST(PageState, P3_ClaimedAsItIsItGoesAgain) {
    EXPECT_EQ(after(of(fresh, 0, 2), claim_as_it_is), of(overtaken, 0, 2));
    EXPECT_EQ(after(of(stale, 1, 1), claim_as_it_is), of(overtaken, 1, 1));
    EXPECT_EQ(after(of(overtaken, 1, 0), finish), of(stale, 1, 0));
    EXPECT_EQ(after(of(stale, 1, 0), claim_as_it_is), of(sending, 1, 0));
    EXPECT_FALSE(after(of(hot, 3, 0), claim_as_it_is).has_value());
    EXPECT_FALSE(after(of(sent), claim_as_it_is).has_value());
}

// R39, P3: altered while it is read, it does not become sent; and each time counts once.
TEST(PageState, R39_AlteredWhileSentGoesAgain) {
    PageState state = *after(of(fresh), claim);
    state = *after(state, grant);
    EXPECT_EQ(state, of(overtaken, 1, 1));
    state = *after(state, grant); // another mapping of it: no alteration more
    EXPECT_EQ(state, of(overtaken, 1, 2));
    state = *after(*after(state, ungrant), ungrant);
    EXPECT_FALSE(after(state, claim).has_value()) << "its sender has it still";
    state = *after(state, finish);
    EXPECT_EQ(state, of(stale, 1, 0));
    state = *after(*after(state, claim), finish);
    EXPECT_EQ(state, of(sent, 1, 0));
    EXPECT_EQ(after(state, write), of(stale, 2, 0));
    EXPECT_EQ(after(of(sent, 15, 0), write), of(stale, 15, 0));
    EXPECT_EQ(after(of(sending, 1, 0), give_back), of(stale, 1, 0)); // not sent is not altered
}

// R36: a total order, in which neither a mapping more nor an alteration more makes a page easier.
TEST(PageState, R36_ComplexityIsMonotone) {
    for (const PageStatus status : {fresh, stale, hot})
        for (unsigned n = 0; n < 254; ++n)
            EXPECT_LT(cost_of(of(status, 1, n), n, kib(64)), cost_of(of(status, 1, n + 1), n + 1, kib(64)));
    for (unsigned n = 0; n < 15; ++n)
        EXPECT_LT(cost_of(of(stale, n, 3), 3, kib(64)), cost_of(of(stale, n + 1, 3), 3, kib(64)));
    EXPECT_LT(cost_of(of(fresh), 0, kib(4)), cost_of(of(fresh), 0, kib(64)));
    constexpr std::array ascending{fresh, stale, hot};
    for (std::size_t i = 1; i < ascending.size(); ++i)
        EXPECT_LT(cost_of(of(ascending[i - 1]), 0, kib(4)), cost_of(of(ascending[i]), 0, kib(4)));
}

// R37: one of three answers for each state.
TEST(PageState, R37_IsMigratedAppropriateOrNot) {
    EXPECT_EQ(migration_of(of(sent), 0), Migration::migrated);
    EXPECT_EQ(migration_of(of(fresh, 0, 0), 0), Migration::appropriate);
    EXPECT_EQ(migration_of(of(fresh, 0, 1), 1), Migration::not_appropriate);
    EXPECT_EQ(migration_of(of(stale, 1, 0), 0), Migration::appropriate);
    EXPECT_EQ(migration_of(of(stale, 1, 0), 1), Migration::not_appropriate); // by a large page
    for (const PageStatus status : {sending, overtaken, hot})
        EXPECT_EQ(migration_of(of(status), 0), Migration::not_appropriate);
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
                ASSERT_THAT(now.status(), testing::AnyOf(fresh, stale, hot, overtaken));
            }
        }
    }
}

} // namespace
} // namespace transom::migrate
