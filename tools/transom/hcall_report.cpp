// SPDX-License-Identifier: Apache-2.0
#include "hcall_report.hpp"

#include "qemu.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace transom::tool {
namespace {

double each(std::uint64_t total, const BenchRun::Measured& one) {
    return static_cast<double>(total) / static_cast<double>(one.count);
}

/// Under -icount the time base is a counter of instructions.
double counted_instructions(const BenchRun& run, const BenchRun::Measured& one) {
    const double ns_per_tick = 1e9 / static_cast<double>(run.timebase_frequency);
    return each(one.ticks, one) * ns_per_tick / static_cast<double>(icount_ns);
}

std::optional<double> counted_instructions(const std::optional<BenchRun>& run, std::string_view name) {
    const auto* const one = run ? run->find(name) : nullptr;
    if (one == nullptr)
        return std::nullopt;
    return counted_instructions(*run, *one);
}

std::int64_t whole(double value) { return std::llround(value); }
double tenths(double value) { return std::round(value * 10) / 10; }

} // namespace

std::optional<double> HcallRow::ratio() const {
    if (!kvm_hv || instructions <= 0)
        return std::nullopt;
    return *kvm_hv / instructions;
}

std::vector<HcallRow> hcall_rows(const HcallRuns& runs) {
    std::vector<HcallRow> rows;
    for (const auto& one : runs.plain.measured) {
        HcallRow row{.name = one.name, .pmc5 = each(one.instructions, one), .ticks = each(one.ticks, one)};
        row.instructions = counted_instructions(runs.counted, one.name).value_or(row.pmc5);
        row.kvm_hv = counted_instructions(runs.peer, one.name);
        rows.push_back(std::move(row));
    }
    return rows;
}

nlohmann::ordered_json hcall_json(const std::vector<HcallRow>& rows) {
    auto calls = nlohmann::ordered_json::object();
    for (const auto& row : rows) {
        nlohmann::ordered_json call = {
            {"instructions", whole(row.instructions)}, {"pmc5", whole(row.pmc5)}, {"ticks", tenths(row.ticks)}};
        if (row.kvm_hv)
            call["kvm_hv"] = whole(*row.kvm_hv);
        if (const auto ratio = row.ratio())
            call["ratio"] = tenths(*ratio);
        calls[row.name] = std::move(call);
    }
    return calls;
}

std::string hcall_table(const std::vector<HcallRow>& rows) {
    const bool peer = std::ranges::any_of(rows, [](const HcallRow& row) { return row.kvm_hv.has_value(); });
    std::string text = fmt::format("{:<24}{:>13}{:>9}{:>11}", "call", "instructions", "PMC5", "ticks");
    text += peer ? fmt::format("{:>9}{:>8}\n", "KVM-HV", "ratio") : "\n";
    for (const auto& row : rows) {
        text +=
            fmt::format("{:<24}{:>13}{:>9}{:>11.1f}", row.name, whole(row.instructions), whole(row.pmc5), row.ticks);
        if (peer && row.kvm_hv)
            text += fmt::format("{:>9}{:>8.1f}", whole(*row.kvm_hv), row.ratio().value_or(0));
        text += '\n';
    }
    return text;
}

} // namespace transom::tool
