// SPDX-License-Identifier: Apache-2.0
#include "hypervisor_work.hpp"

#include "failure.hpp"
#include "qemu.hpp"

#include <algorithm>
#include <cmath>

namespace transom::tool {
namespace {

std::uint64_t needed(const Fields& fields, std::string_view key) {
    const auto value = fields.number(key);
    if (!value)
        fail("the machine does not say {}", key);
    return *value;
}

} // namespace

HypervisorWork hypervisor_work(const Answer& report, const Answer& calls, std::uint64_t timebase_frequency) {
    constexpr double ns = 1e9;
    const double instructions_per_tick = ns / static_cast<double>(timebase_frequency) / icount_ns;
    const auto instructions = [&](std::uint64_t ticks) { return static_cast<double>(ticks) * instructions_per_tick; };
    HypervisorWork work;
    for (const Fields& row : calls.rows()) {
        const bool other = row.has("exits");
        (other ? work.other_exits : work.calls) += needed(row, "count");
        (other ? work.other_exit_instructions : work.call_instructions) +=
            instructions(row.number("ticks").value_or(0));
    }
    const std::uint64_t all = report.counter("now_ticks") - report.counter("first_instruction_ticks");
    // Our own connection to ask by is not the boot's.
    const std::uint64_t elsewhere =
        report.counter("guest_ticks") + report.counter("idle_ticks") + report.counter("handshake_ticks");
    work.outside_instructions = instructions(all - std::min(all, elsewhere));
    return work;
}

nlohmann::ordered_json to_json(const HypervisorWork& work) {
    return {{"calls", work.calls},
            {"call_instructions", std::llround(work.call_instructions)},
            {"other_exits", work.other_exits},
            {"other_exit_instructions", std::llround(work.other_exit_instructions)},
            {"outside_instructions", std::llround(work.outside_instructions)},
            {"total", std::llround(work.total())}};
}

} // namespace transom::tool
