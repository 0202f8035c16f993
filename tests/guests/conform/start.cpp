// SPDX-License-Identifier: Apache-2.0
// Processors are started and stopped. LoPAR: RTAS start-cpu, stop-self, query-cpu-stopped-state.
#include "table.hpp"
#include "together.hpp"

namespace conform {

namespace {

using guest::is_not_stopped;
using guest::is_stopped;
using guest::start_processor;
using guest::stopped_state;

constexpr std::int32_t success = 0, parameter_error = -3;

Shared arrived, wakes, leave;

void arrive() { ++arrived; }

/// Stays until it is told to leave.
void stay() {
    ++arrived;
    wait_giving_way([] { return leave != 0; });
}

/// Waits for a prod or its decrementer each time.
void stay_ceded() {
    ++arrived;
    while (leave == 0 && !guest::out_of_time()) {
        guest::hcall(call::cede);
        ++wakes;
    }
    quiet();
}

void begin() { arrived = wakes = leave = 0; }

void states(Context& context) {
    if (!offers_processors(context, 2))
        return;
    const auto& tree = *context.machine().tree;
    begin();
    Crew crew(context.machine());
    context.status("caller", stopped_state(tree, 0), is_not_stopped);
    context.status("before", stopped_state(tree, 1), is_stopped);
    context.holds("started", crew.start(1, &stay));
    context.holds("arrived", wait_giving_way([] { return arrived == 1; }));
    context.status("during", stopped_state(tree, 1), is_not_stopped);
    leave = 1;
    context.holds("ended", crew.finish());
    context.status("after", stopped_state(tree, 1), is_stopped);
    context.status("nobody", stopped_state(tree, 4095), parameter_error);
}

void refusals(Context& context) {
    if (!offers_processors(context, 2))
        return;
    const auto& tree = *context.machine().tree;
    const auto token = tree.rtas_token("start-cpu");
    begin();
    Crew crew(context.machine());
    crew.start(1, &stay);
    wait_giving_way([] { return arrived == 1; });
    context.holds("caller", start_processor(tree, 0, &arrive) < success);
    context.holds("runs", start_processor(tree, 1, &stay) < success);
    context.status("nobody", guest::rtas(*token, {4095, 0x1200, 1}, 1).status(), parameter_error);
    context.status("inputs", guest::rtas(*token, {1, 0x1200}, 1).status(), parameter_error);
    leave = 1;
    context.holds("ended", crew.finish());
    context.count("arrived", arrived, 1);
}

/// One that waits is not stopped.
void waiting(Context& context) {
    if (!offers_processors(context, 2))
        return;
    const auto& tree = *context.machine().tree;
    begin();
    Crew crew(context.machine());
    crew.start(1, &stay_ceded);
    wait_giving_way([] { return arrived == 1; });
    pause(1'000'000); // to be there by then
    context.status("state", stopped_state(tree, 1), is_not_stopped);
    context.holds("refused", start_processor(tree, 1, &stay_ceded) < success);
    leave = 1;
    hcall(call::prod, 1);
    context.holds("ended", crew.finish());
    context.count("arrived", arrived, 1);
}

void again_and_again(Context& context) {
    if (!offers_processors(context, 2))
        return;
    begin();
    Crew crew(context.machine());
    bool all = true;
    std::uint64_t rounds = 0;
    for (; rounds < 100 && all; ++rounds)
        all = crew.start(1, &arrive) && crew.finish();
    context.holds("all", all);
    context.count("rounds", rounds, 100);
    context.count("arrived", arrived, 100);
}

void all_at_once(Context& context) {
    if (!offers_processors(context, 3))
        return;
    const unsigned others = guest::processor_count(*context.machine().tree) - 1;
    begin();
    Crew crew(context.machine());
    bool all = true;
    for (std::uint64_t round = 1; round <= 20 && all; ++round) {
        leave = 0;
        for (unsigned n = 1; n <= others; ++n)
            all = crew.start(n, &stay) && all;
        all = all && wait_giving_way([&] { return arrived == round * others; });
        leave = 1;
        all = crew.finish() && all;
    }
    context.holds("all", all);
    context.holds("arrived", arrived == 20 * others);
}

constexpr std::array cases = {
    Case{"start.states", &states},           Case{"start.refusals", &refusals},
    Case{"start.waiting", &waiting},         Case{"start.again_and_again", &again_and_again},
    Case{"start.all_at_once", &all_at_once},
};

} // namespace

std::span<const Case> start_cases() { return cases; }

} // namespace conform
