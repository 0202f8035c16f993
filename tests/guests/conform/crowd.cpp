// SPDX-License-Identifier: Apache-2.0
// The page-table calls of all processors at once, on the same groups. LoPAR H_ENTER and its family: each call finds or leaves a
// whole entry, whatever others do meanwhile.
#include "crowd.hpp"

namespace conform {

namespace {

std::array<CrowdFindings, guest::max_processors> findings;
std::array<std::uint64_t, guest::max_processors> own_entries;
Shared arrived, checked;
Rounds rounds;
unsigned members;

void take_part() {
    const unsigned self = guest::processor_number();
    CrowdMember member(self);
    ++arrived;
    wait_giving_way([] { return arrived >= members; });
    for (std::uint64_t n = 0; rounds.more(n); ++n)
        member.step();
    own_entries[self] = member.own();
    ++arrived;
    wait_giving_way([] { return checked != 0; });
    member.leave();
    findings[self] = member.findings();
}

/// Slots of the groups that hold an entry; -1 where one of them is not the one that its owner has told of.
std::int64_t entries_there() {
    std::int64_t count = 0;
    for (std::uint64_t slot = 0; slot < crowd_slots; ++slot) {
        const bool valid = (read(crowd_first_slot + slot).d0 & entry::valid) != 0;
        if (valid != (crowd_owner[slot] != 0))
            return -1;
        count += valid;
    }
    return count;
}

void same_groups(Context& context) {
    if (!offers_processors(context, 2))
        return;
    members = guest::processor_count(*context.machine().tree);
    arrived = checked = 0;
    findings = {};
    rounds = {context.machine(), 200, 5000};
    for (auto& owner : crowd_owner)
        owner = 0;
    Crew crew(context.machine());
    bool started = true;
    for (unsigned n = 1; n < members; ++n)
        started = crew.start(n, &take_part) && started;
    // The first one watches while the others are at it, and then takes part by itself.
    ++arrived;
    const bool done = wait_giving_way([] { return arrived == 2 * members - 1; });
    const auto there = entries_there();
    checked = 1;
    const bool ended = crew.finish();
    CrowdFindings sum;
    std::uint64_t own = 0;
    for (unsigned n = 1; n < members; ++n) {
        const auto& one = findings[n];
        sum.taken_twice += one.taken_twice, sum.lost += one.lost, sum.torn += one.torn;
        sum.statuses += one.statuses, sum.entered += one.entered, sum.removed += one.removed;
        own += own_entries[n];
    }
    context.holds("started", started);
    context.holds("done", done);
    context.holds("ended", ended);
    context.count("taken_twice", sum.taken_twice, 0);
    context.count("lost", sum.lost, 0);
    context.count("torn", sum.torn, 0);
    context.count("wrong_statuses", sum.statuses, 0);
    context.holds("as_many_as_entered", there == static_cast<std::int64_t>(own));
    context.holds("all_removed", sum.entered == sum.removed && entries_there() == 0);
    context.holds("enough", sum.entered > 50);
}

constexpr std::uint64_t first_against = 240 * 8;
std::array<Shared, 2> removals;
std::array<std::uint64_t, 2> longest;
std::uint64_t until; // for a minute; 0: for some rounds

/// An entry of its own, entered and removed over and over: each removal makes the other processor forget it.
void enter_and_remove() {
    const unsigned self = guest::processor_number();
    const Segment segment = plain_segment(0x580 + self);
    const auto what = make_entry(segment, segment.address, reinterpret_cast<std::uint64_t>(scratch(self)));
    longest[self] = 0;
    const auto slower = [] { return removals[0] < removals[1] ? removals[0].load() : removals[1].load(); };
    while (until != 0 ? guest::timebase() < until : rounds.more(slower())) {
        const auto begin = guest::timebase();
        const bool entered =
            guest::hcall(call::enter, flag::exact, first_against + self, what.d0, what.d1).status == status::success;
        const auto answer = guest::hcall(call::remove, 0, first_against + self, 0);
        if (!entered || answer.status != status::success || answer.r(5) != what.d1)
            return;
        const auto took = guest::timebase() - begin;
        longest[self] = took > longest[self] ? took : longest[self];
        ++removals[self];
    }
}

/// Two processors that invalidate against each other, neither with interrupts on: both go on. Where there is time they do so
/// for a minute.
void against_each_other(Context& context) {
    if (!offers_processors(context, 2))
        return;
    const auto second = context.machine().timebase_frequency;
    removals[0] = removals[1] = 0;
    until = takes_its_time(context.machine()) ? guest::timebase() + 60 * second : 0;
    rounds = {context.machine(), 20, 5000};
    Crew crew(context.machine());
    context.holds("started", crew.start(1, &enter_and_remove));
    enter_and_remove();
    context.holds("ended", crew.finish());
    context.holds("both_went_on", rounds.enough(removals[0]) && rounds.enough(removals[1]));
    context.holds("neither_stood_still", longest[0] < 10 * second && longest[1] < 10 * second);
}

constexpr std::array cases = {
    Case{"crowd.same_groups", &same_groups},
    Case{"crowd.against_each_other", &against_each_other},
};

} // namespace

std::span<const Case> crowd_cases() { return cases; }

} // namespace conform
