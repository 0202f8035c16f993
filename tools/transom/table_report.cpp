// SPDX-License-Identifier: Apache-2.0
#include "table_report.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace transom::tool {

TableReport TableReport::of(const Answer& report) {
    return {.active = report.counter("t2_active"),
            .drained = report.counter("t2_drained"),
            .faults = report.counter("t2_faults"),
            .missing = report.counter("t2_missing"),
            .fault_ticks = report.counter("t2_fault_ticks"),
            .live_at_switch = report.counter("t2_live_at_switch"),
            .drained_by_calls = report.counter("t2_drained_by_calls"),
            .drained_by_sweep = report.counter("t2_drained_by_sweep"),
            .mismatches = report.counter("t2_mismatches"),
            .rc_mismatches = report.counter("t2_rc_mismatches"),
            .switches = report.counter("t2_switches"),
            .fault_halt = report.counter("t2_last_halt_by_fault"),
            .entry_halt = report.counter("t2_last_halt_on_entry"),
            .halt_ticks = report.counter("t2_last_halt_ticks"),
            .drain_ticks = report.counter("t2_last_drain_ticks")};
}

TableReport TableReport::since(const TableReport& before) const {
    return {.active = active,
            .drained = drained - before.drained,
            .faults = faults - before.faults,
            .missing = missing - before.missing,
            .fault_ticks = fault_ticks - before.fault_ticks,
            .live_at_switch = live_at_switch - before.live_at_switch,
            .drained_by_calls = drained_by_calls - before.drained_by_calls,
            .drained_by_sweep = drained_by_sweep - before.drained_by_sweep,
            .mismatches = mismatches - before.mismatches,
            .rc_mismatches = rc_mismatches - before.rc_mismatches,
            .switches = switches - before.switches,
            .fault_halt = drained != before.drained ? fault_halt : 0,
            .entry_halt = drained != before.drained ? entry_halt : 0,
            .halt_ticks = drained != before.drained ? halt_ticks : 0,
            .drain_ticks = drained != before.drained ? drain_ticks : 0};
}

TableReport TableReport::with(const TableReport& other) const {
    return {.active = active + other.active,
            .drained = drained + other.drained,
            .faults = faults + other.faults,
            .missing = missing + other.missing,
            .fault_ticks = fault_ticks + other.fault_ticks,
            .live_at_switch = live_at_switch + other.live_at_switch,
            .drained_by_calls = drained_by_calls + other.drained_by_calls,
            .drained_by_sweep = drained_by_sweep + other.drained_by_sweep,
            .mismatches = mismatches + other.mismatches,
            .rc_mismatches = rc_mismatches + other.rc_mismatches,
            .switches = switches + other.switches,
            .fault_halt = std::max(fault_halt, other.fault_halt),
            .entry_halt = std::max(entry_halt, other.entry_halt),
            .halt_ticks = std::max(halt_ticks, other.halt_ticks),
            .drain_ticks = std::max(drain_ticks, other.drain_ticks)};
}

std::vector<std::string> TableReport::complaints() const {
    std::vector<std::string> list;
    if (drained_by_calls + drained_by_sweep != live_at_switch)
        list.push_back(fmt::format("of {} entries of the second page table {} were drained", live_at_switch,
                                   drained_by_calls + drained_by_sweep));
    if (mismatches != 0)
        list.push_back(fmt::format("{} entries of the second page table were not in the first", mismatches));
    return list;
}

void TableReport::add_to(nlohmann::ordered_json& report) const {
    report["t2_faults"] = faults;
    report["t2_fault_ticks"] = fault_ticks;
    report["t2_live_at_switch"] = live_at_switch;
    report["drained_by_hcall"] = drained_by_calls;
    report["drained_by_sweep"] = drained_by_sweep;
    report["t2_mismatches"] = mismatches;
    report["t2_switches"] = switches;
    report["switch_halt_instructions"] = std::max(fault_halt, entry_halt);
    report["switch_halt_by_fault"] = fault_halt;
    report["switch_halt_on_entry"] = entry_halt;
    report["switch_halt_ticks"] = halt_ticks;
    report["drain_ticks"] = drain_ticks;
    report["postcopy_faults"] = missing;
}

std::string TableReport::text() const {
    std::string text = fmt::format("  second page tables {} faults", faults);
    if (drained != 0)
        text += fmt::format("; {} entries when the last processor had left: {} drained by calls, {} by the sweep",
                            live_at_switch, drained_by_calls, drained_by_sweep);
    return text + "\n";
}

} // namespace transom::tool
