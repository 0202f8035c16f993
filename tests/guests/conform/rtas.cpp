// SPDX-License-Identifier: Apache-2.0
// RTAS calls as the code at linux,rtas-base makes them: H_RTAS (0xF000) with the address of the argument block.
#include "../common/rtas.hpp"

#include "table.hpp"

namespace conform {

namespace {

constexpr std::int32_t success = 0, parameter_error = -3;

std::optional<std::uint32_t> token(Context& context, const char* name) {
    const auto found = context.machine().tree->rtas_token(name);
    if (!found)
        context.skip("/rtas does not have the call");
    return found;
}

/// guest::rtas, and notes how the call was answered.
guest::RtasAnswer rtas(std::uint32_t token, std::initializer_list<std::uint32_t> inputs, std::uint32_t outputs) {
    const auto answer = guest::rtas(token, inputs, outputs);
    evidence.note(call::rtas, answer.hcall_status);
    return answer;
}

void unknown_token(Context& context) {
    context.status("hcall", rtas(0x7fff'fff0, {}, 1).hcall_status, status::parameter);
    context.status("zero", rtas(0, {}, 1).hcall_status, status::parameter);
}

void block_beyond_memory(Context& context) {
    context.holds("refused", hcall(call::rtas, context.machine().memory).status != status::success);
    context.holds("refused_far", hcall(call::rtas, std::uint64_t{1} << 50).status != status::success);
    context.holds("refused_top", hcall(call::rtas, ~std::uint64_t{7}).status != status::success);
}

void processor_state(Context& context) {
    const auto call = token(context, "query-cpu-stopped-state");
    if (!call)
        return;
    const auto answer = rtas(*call, {0}, 2);
    context.status("hcall", answer.hcall_status, status::success);
    context.status("status", answer.status(), success);
    context.value("state", answer.returned[1], 2); // not stopped
}

void processor_that_is_none(Context& context) {
    const auto call = token(context, "query-cpu-stopped-state");
    if (!call)
        return;
    context.status("status", rtas(*call, {4095}, 2).status(), parameter_error);
}

void wrong_number_of_arguments(Context& context) {
    const auto call = token(context, "query-cpu-stopped-state");
    if (!call)
        return;
    context.status("inputs", rtas(*call, {0, 0, 0}, 2).status(), parameter_error);
    context.status("outputs", rtas(*call, {0}, 1).status(), parameter_error);
}

void start_running_processor(Context& context) {
    const auto call = token(context, "start-cpu");
    if (!call)
        return;
    const auto status = rtas(*call, {0, 0x1000, 0}, 1).status();
    context.holds("refused", status != success && status != static_cast<std::int32_t>(guest::untouched));
}

void time_of_day(Context& context) {
    const auto call = token(context, "get-time-of-day");
    if (!call)
        return;
    const auto answer = rtas(*call, {}, 8);
    context.status("status", answer.status(), success);
    context.holds("year", answer.returned[1] >= 2020 && answer.returned[1] < 2200);
    context.holds("month", answer.returned[2] >= 1 && answer.returned[2] <= 12);
    context.holds("day", answer.returned[3] >= 1 && answer.returned[3] <= 31);
    context.holds("hour", answer.returned[4] < 24);
    context.holds("minute", answer.returned[5] < 60);
    context.holds("second", answer.returned[6] < 60);
    context.holds("nanosecond", answer.returned[7] < 1'000'000'000);
}

/// The interrupt of the terminal, the one source that every partition has.
std::optional<std::uint32_t> terminal_source(Context& context) {
    const auto source = context.machine().tree->cell("/vdevice/vty@71000000", "interrupts");
    if (!source)
        context.skip("the terminal has no interrupts property");
    return source;
}

void interrupt_source(Context& context) {
    const auto set = token(context, "ibm,set-xive"), get = token(context, "ibm,get-xive");
    const auto source = terminal_source(context);
    if (!set || !get || !source)
        return;
    context.status("set", rtas(*set, {*source, 0, 5}, 1).status(), success);
    const auto answer = rtas(*get, {*source}, 3);
    context.status("get", answer.status(), success);
    context.value("server", answer.returned[1], 0);
    context.value("priority", answer.returned[2], 5);
    context.status("mask", rtas(*set, {*source, 0, 0xff}, 1).status(), success);
    context.value("masked", rtas(*get, {*source}, 3).returned[2], 0xff);
}

void interrupt_source_that_is_none(Context& context) {
    const auto set = token(context, "ibm,set-xive"), get = token(context, "ibm,get-xive");
    const auto source = terminal_source(context);
    if (!set || !get || !source)
        return;
    context.status("set", rtas(*set, {0x00ff'fff0, 0, 5}, 1).status(), parameter_error);
    context.status("get", rtas(*get, {0x00ff'fff0}, 3).status(), parameter_error);
    context.status("server", rtas(*set, {*source, 4095, 5}, 1).status(), parameter_error);
}

void no_events(Context& context) {
    const auto call = token(context, "event-scan");
    if (!call)
        return;
    const auto buffer = static_cast<std::uint32_t>(reinterpret_cast<std::uint64_t>(scratch(20)));
    context.status("status", rtas(*call, {0xffff'ffff, 0, buffer, 4096}, 1).status(), 1);
}

void parameter_that_is_none(Context& context) {
    const auto call = token(context, "ibm,get-system-parameter");
    if (!call)
        return;
    const auto buffer = static_cast<std::uint32_t>(reinterpret_cast<std::uint64_t>(scratch(20)));
    context.status("status", rtas(*call, {0xfffe, buffer, 4096}, 1).status(), parameter_error);
}

constexpr std::array cases = {
    Case{"rtas.unknown_token", &unknown_token, boundary(call::rtas)},
    Case{"rtas.block_beyond_memory", &block_beyond_memory, boundary(call::rtas) | hostile(call::rtas)},
    Case{"rtas.processor_state", &processor_state, good(call::rtas)},
    Case{"rtas.processor_that_is_none", &processor_that_is_none, good(call::rtas)},
    Case{"rtas.wrong_number_of_arguments", &wrong_number_of_arguments, good(call::rtas)},
    Case{"rtas.start_running_processor", &start_running_processor, good(call::rtas)},
    Case{"rtas.time_of_day", &time_of_day, good(call::rtas)},
    Case{"rtas.interrupt_source", &interrupt_source, good(call::rtas)},
    Case{"rtas.interrupt_source_that_is_none", &interrupt_source_that_is_none, good(call::rtas)},
    Case{"rtas.no_events", &no_events, good(call::rtas)},
    Case{"rtas.parameter_that_is_none", &parameter_that_is_none, good(call::rtas)},
};

} // namespace

std::span<const Case> rtas_cases() { return cases; }

} // namespace conform
