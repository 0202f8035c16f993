// SPDX-License-Identifier: Apache-2.0
// H_CEDE, H_PROD, H_CONFER, H_JOIN. LoPAR "Shared processor LPAR option", "H_JOIN".
#include "case.hpp"

#include "../common/spr.hpp"

namespace conform {

namespace {

using guest::allow_interrupts;
using guest::asynchronous;
using guest::set_decrementer;
using guest::timebase;

void quiet() {
    allow_interrupts(false);
    set_decrementer(guest::decrementer_idle);
}

void cede_until_decrementer(Context& context) {
    asynchronous.decrementers = 0;
    const auto begin = timebase();
    set_decrementer(500'000);
    const auto answer = hcall(call::cede);
    const auto waited = timebase() - begin;
    const bool enabled = guest::read_msr() & guest::msr::ee;
    quiet();
    context.status("status", answer.status, status::success);
    context.holds("waited", waited >= 499'998);
    context.holds("interrupts_on", enabled);
    context.value("taken", asynchronous.decrementers, 1);
}

void cede_with_decrementer_pending(Context& context) {
    asynchronous.decrementers = 0;
    set_decrementer(100);
    const auto begin = timebase();
    while (timebase() - begin < 10'000) {}
    const auto answer = hcall(call::cede);
    quiet();
    context.status("status", answer.status, status::success);
    context.value("taken", asynchronous.decrementers, 1);
}

void cede_after_prod(Context& context) {
    // H_PROD leaves a mark that the next H_CEDE takes instead of waiting.
    asynchronous.decrementers = 0;
    set_decrementer(context.machine().timebase_frequency / 4);
    context.status("prod", hcall(call::prod, 0).status, status::success);
    context.status("cede", hcall(call::cede).status, status::success);
    const auto taken = asynchronous.decrementers;
    quiet();
    context.value("waited_for_decrementer", taken, 0);
}

void prod_counts_once(Context& context) {
    asynchronous.decrementers = 0;
    set_decrementer(context.machine().timebase_frequency / 4);
    hcall(call::prod, 0);
    hcall(call::prod, 0);
    hcall(call::cede);
    const auto first = asynchronous.decrementers;
    allow_interrupts(false);
    set_decrementer(100'000);
    hcall(call::cede);
    const auto second = asynchronous.decrementers;
    quiet();
    context.value("first", first, 0);
    context.value("second", second - first, 1);
}

void prod_nobody(Context& context) {
    context.status("4095", hcall(call::prod, 4095).status, status::parameter);
    context.status("all_ones", hcall(call::prod, ~std::uint64_t{0}).status, status::parameter);
    context.status("wraps", hcall(call::prod, std::uint64_t{1} << 32).status, status::parameter);
}

void confer_to_nobody(Context& context) {
    context.status("4095", hcall(call::confer, 4095, 0).status, status::parameter);
    context.status("top_bit", hcall(call::confer, std::uint64_t{1} << 63, 0).status, status::parameter);
}

bool join_offered(Context& context) {
    if (context.machine().tree->has_function_set("hcall-join"))
        return true;
    context.skip("ibm,hypertas-functions has no hcall-join");
    return false;
}

void join_alone(Context& context) {
    if (join_offered(context))
        context.status("status", hcall(call::join).status, status::continue_);
}

void join_with_interrupts_on(Context& context) {
    if (!join_offered(context))
        return;
    set_decrementer(guest::decrementer_idle);
    allow_interrupts(true);
    const auto answer = hcall(call::join);
    quiet();
    context.status("status", answer.status, status::bad_mode);
}

void join_after_prod_alone(Context& context) {
    if (!join_offered(context))
        return;
    // Who is alone does not wait, so the mark stays for H_CEDE.
    hcall(call::prod, 0);
    context.status("join", hcall(call::join).status, status::continue_);
    asynchronous.decrementers = 0;
    set_decrementer(100'000);
    hcall(call::cede);
    quiet();
}

/// Signals and says how many system resets came, and whether each came right behind the call.
void reset(Context& context, std::string_view label, std::uint64_t target, std::uint64_t expected) {
    asynchronous.resets = 0;
    guest::accept_resets(true);
    const auto answer = hcall(call::signal_sys_reset, target);
    guest::accept_resets(false);
    context.status("status", answer.status, status::success);
    context.value(label, asynchronous.resets, expected);
}

void reset_reaches(Context& context) {
    quiet();
    reset(context, "itself", 0, 1);
    reset(context, "all", ~std::uint64_t{0}, 1);
    reset(context, "others", ~std::uint64_t{1}, 0);
    context.holds("interrupts_still_off", (guest::read_msr() & guest::msr::ee) == 0);
}

void reset_of_nobody(Context& context) {
    for (const std::uint64_t target : {std::uint64_t{4095}, ~std::uint64_t{2}, std::uint64_t{1} << 63})
        context.status("status", hcall(call::signal_sys_reset, target).status, status::parameter);
}

void confer_keeps_registers(Context& context) {
    const auto answer = hcall(call::confer, ~std::uint64_t{0}, 0, 0x66, 0x77);
    context.status("status", answer.status, status::success);
    context.value("r4", answer.r(4), ~std::uint64_t{0});
    context.value("r6", answer.r(6), 0x66);
    context.value("r7", answer.r(7), 0x77);
}

constexpr std::array cases = {
    Case{"cede.until_decrementer", &cede_until_decrementer, good(call::cede)},
    Case{"cede.with_decrementer_pending", &cede_with_decrementer_pending, good(call::cede)},
    Case{"cede.after_prod", &cede_after_prod, good(call::cede, call::prod)},
    Case{"prod.counts_once", &prod_counts_once, good(call::prod, call::cede)},
    Case{"prod.nobody", &prod_nobody, boundary(call::prod) | hostile(call::prod)},
    Case{"confer.to_nobody", &confer_to_nobody, boundary(call::confer) | hostile(call::confer)},
    Case{"join.alone", &join_alone, good(call::join)},
    Case{"join.with_interrupts_on", &join_with_interrupts_on, boundary(call::join)},
    Case{"join.after_prod_alone", &join_after_prod_alone, good(call::join)},
    Case{"confer.keeps_registers", &confer_keeps_registers, good(call::confer)},
    Case{"reset.reaches", &reset_reaches, good(call::signal_sys_reset)},
    Case{"reset.of_nobody", &reset_of_nobody, boundary(call::signal_sys_reset) | hostile(call::signal_sys_reset)},
};

} // namespace

std::span<const Case> processor_cases() { return cases; }

} // namespace conform
