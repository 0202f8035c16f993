// SPDX-License-Identifier: Apache-2.0
// The conformance suite: what LoPAR promises a partition, asked from inside one. See README.md for the output.
#include "../common/processors.hpp"
#include "case.hpp"

namespace {

std::string_view running;

constexpr std::array families = {
    &conform::call_cases,          &conform::enter_cases,       &conform::enter_hostile_cases,
    &conform::enter_flag_cases,    &conform::large_page_cases,  &conform::read_cases,
    &conform::remove_cases,        &conform::bulk_remove_cases, &conform::block_remove_cases,
    &conform::clear_hpt_cases,     &conform::resize_hpt_cases,  &conform::protect_cases,
    &conform::clear_cases,         &conform::translation_cases, &conform::translation_change_cases,
    &conform::model_cases,         &conform::interrupt_cases,   &conform::process_table_cases,
    &conform::page_init_cases,     &conform::capacity_cases,    &conform::terminal_cases,
    &conform::set_mode_cases,      &conform::vpa_cases,         &conform::processor_cases,
    &conform::xics_cases,          &conform::rtas_cases,        &conform::register_cases,
    &conform::time_cases,          &conform::logical_cases,     &conform::facility_cases,
    &conform::problem_state_cases, &conform::start_cases,       &conform::ipi_cases,
    &conform::wake_cases,          &conform::confer_cases,      &conform::join_cases,
    &conform::litmus_cases,        &conform::usage_cases,       &conform::crowd_cases,
    &conform::others_cases,
};

struct Totals {
    std::int64_t cases = 0, passed = 0, failed = 0, skipped = 0;
};

/// The calls and kinds that the case is marked with, and how these calls were answered.
void report_evidence(const conform::Case& one) {
    const auto& evidence = conform::evidence;
    guest::Line line;
    line << "# about " << one.name;
    for (std::size_t i = 0; i < evidence.covers().size; ++i) {
        const auto& mark = evidence.covers().marks[i];
        const auto& seen = evidence.seen(i);
        line << " " << mark.token << ":" << conform::kind_names[static_cast<std::size_t>(mark.kind)] << ":"
             << (seen.accepted ? "a" : "") << (seen.refused ? "r" : "") << (seen.in_problem_state ? "p" : "");
    }
    guest::print(line);
}

void report(const conform::Case& one, const conform::Context& context, Totals& totals) {
    guest::Line line;
    ++totals.cases;
    if (one.covers.size > 0)
        report_evidence(one);
    if (!context.observed().empty()) {
        line << "# got " << one.name << context.observed().view();
        guest::print(line);
        line.clear();
    }
    line << (context.failed() ? "not ok " : "ok ") << totals.cases << " - " << one.name;
    if (context.failed())
        line << " # " << context.mismatch().view();
    else if (context.skipped())
        line << " # SKIP " << context.skip_reason();
    guest::print(line);
    ++(context.failed() ? totals.failed : context.skipped() ? totals.skipped : totals.passed);
}

} // namespace

namespace guest {

void unexpected_interrupt(const InterruptFrame& frame) { bail_out(frame, running); }

void guest_main(const Machine& machine) {
    std::int64_t planned = 0;
    for (const auto family : families)
        planned += static_cast<std::int64_t>(family().size());

    Line line;
    if (!visit_processors(*machine.tree))
        bail_out("the other processors do not start or stop");
    print("TAP version 13");
    print("# guest conform 1");
    line << "# machine ";
    describe(line, machine);
    print(line);
    line.clear();
    line << "1.." << planned;
    print(line);

    Totals totals;
    for (const auto family : families) {
        for (const auto& one : family()) {
            running = one.name;
            conform::evidence.start(one.covers);
            conform::Context context(machine);
            one.run(context);
            context.clean_up();
            report(one, context, totals);
        }
    }
    line.clear();
    line << "# end cases=" << totals.cases << " passed=" << totals.passed << " failed=" << totals.failed
         << " skipped=" << totals.skipped;
    print(line);
}

} // namespace guest
