// SPDX-License-Identifier: Apache-2.0
#include "stream_values.hpp"

#include <transom/hpt/entry.hpp>
#include <transom/hpt/section.hpp>
#include <transom/partition/spr_list.hpp>

// What the records of a partition's state hold.

namespace transom::tool::stream {

using namespace migrate;

namespace {

Json range(const RangeRecord& record) { return {{"begin", hex(record.begin)}, {"bytes", std::uint64_t{record.size}}}; }

std::string spr_name(std::uint32_t number) {
    const auto* const known = std::ranges::find(partition::spr_list, number, &partition::SprInfo::number);
    return known == partition::spr_list.end() ? fmt::format("{}", number) : std::string(known->name);
}

/// By their numbers, without those that are zero.
template <class Values, class Write> Json numbered(const Values& values, Write write) {
    Json named = Json::object();
    for (std::size_t i = 0; i < values.size(); ++i)
        if (const std::string value = write(values[i]); !value.empty())
            named[fmt::format("{}", i)] = value;
    return named;
}

std::string pair(std::uint64_t one, std::uint64_t other) {
    return (one | other) == 0 ? "" : fmt::format("{:#x} {:#x}", one, other);
}

Json entry(const TableEntryRecord& record) {
    const papr::PageTableEntry words{record.word0, record.word1};
    Json fields = {{"slot", std::uint64_t{record.slot}}, {"d0", hex(words.d0)}, {"d1", hex(words.d1)}};
    if (const auto sizes = hpt::decode_page_sizes(words)) {
        fields["logical"] = hex(hpt::page_address(words, *sizes).value);
        fields["bytes"] = papr::bytes(sizes->actual);
    }
    fields["usage"] = fmt::format("{}{}", (words.d1 & papr::d1::referenced) != 0 ? "R" : "-",
                                  (words.d1 & papr::d1::changed) != 0 ? "C" : "-");
    return fields;
}

} // namespace

void page_table(Payload payload, RecordFields& out, bool all) {
    const auto r = object<TableSectionsRecord>(payload);
    const Payload bytes = payload.subspan(sizeof r);
    const std::size_t count = bytes.size() / sizeof(TableEntryRecord);
    const auto at = [&](std::size_t i) { return object<TableEntryRecord>(bytes, i * sizeof(TableEntryRecord)); };
    out.fields = {{"first_section", std::uint64_t{r.first}}, {"sections", std::uint64_t{r.count}}, {"entries", count}};
    if (count != 0) {
        out.fields["first_slot"] = std::uint64_t{at(0).slot};
        out.fields["last_slot"] = std::uint64_t{at(count - 1).slot};
    }
    if (r.count == 0)
        out.faults.emplace_back("no sections");
    if (bytes.size() % sizeof(TableEntryRecord) != 0)
        out.faults.push_back(fmt::format("{} bytes are no whole number of entries", bytes.size()));
    for (std::size_t i = 1; i < count; ++i)
        if (at(i).slot <= at(i - 1).slot) {
            out.faults.emplace_back("slots that do not ascend");
            break;
        }
    const auto is_elsewhere = [&](std::size_t i) {
        const std::uint64_t section = hpt::section_of({at(i).slot}).value;
        return section < r.first || section - r.first >= r.count;
    };
    if (count != 0 && (is_elsewhere(0) || is_elsewhere(count - 1)))
        out.faults.emplace_back("slots that are not in its sections");
    if (!all)
        return;
    Json& entries = out.fields["table"] = Json::array();
    for (std::size_t i = 0; i < count; ++i)
        entries.push_back(entry(at(i)));
}

void vcpu(Payload payload, RecordFields& out) {
    const auto r = object<VcpuRecord>(payload);
    out.fields = {{"index", std::uint32_t{r.index}},
                  {"state", word(r.state, {"stopped", "ready", "ceded", "joined"})},
                  {"prodded", r.prodded != 0},
                  {"interrupts", r.little_endian != 0 ? "little-endian" : "big-endian"},
                  {"alternate_location", r.alternate_location},
                  {"decrementer_expiry", hex(r.decrementer_expiry)},
                  {"pending", bits(r.pending, {"system reset"})},
                  {"nip", hex(r.nip)},
                  {"msr", hex(r.msr)},
                  {"cr", hex(r.cr)},
                  {"lr", hex(r.lr)},
                  {"ctr", hex(r.ctr)},
                  {"xer", hex(r.xer)},
                  {"fpscr", hex(r.fpscr)},
                  {"vscr", hex(r.vscr)}};
    out.fields["gpr"] = numbered(r.gpr, [](std::uint64_t value) { return value == 0 ? "" : hex(value); });
    out.fields["vsr"] = numbered(r.vsr, [](const auto& value) { return pair(value[0], value[1]); });
    out.fields["slb"] = numbered(r.slb, [](const SlbRecord& value) { return pair(value.e, value.v); });
    const std::size_t count = (payload.size() - sizeof r) / sizeof(SprRecord);
    if (payload.size() != sizeof r + std::size_t{r.spr_count} * sizeof(SprRecord)) {
        out.faults.push_back(fmt::format("it says that it has {} special purpose registers, and has {}",
                                         std::uint32_t{r.spr_count}, count));
        return;
    }
    Json& sprs = out.fields["spr"] = Json::object();
    for (std::size_t i = 0; i < count; ++i) {
        const auto spr = object<SprRecord>(payload, sizeof r + i * sizeof(SprRecord));
        must_be_zero(out, std::uint32_t{spr.zero});
        if (spr.value != 0)
            sprs[spr_name(spr.number)] = hex(spr.value);
    }
}

void areas(Payload payload, RecordFields& out) {
    const auto r = object<AreasRecord>(payload);
    out.fields = {{"virtual_processor", std::uint32_t{r.vcpu}},
                  {"cppr", r.cppr},
                  {"mfrr", r.mfrr},
                  {"preempt_reason", r.preempt_reason},
                  {"dispatch_counter", std::uint32_t{r.dispatch_counter}},
                  {"dispatch_log_index", std::uint64_t{r.dispatch_log_index}},
                  {"preempt_time", hex(r.preempt_time)},
                  {"preempt_fault", hex(r.preempt_fault)},
                  {"vpa", range(r.vpa)},
                  {"slb_shadow", range(r.slb_shadow)},
                  {"dispatch_log", range(r.dispatch_log)}};
    must_be_zero(out, r.zero, std::uint32_t{r.zero2});
}

void interrupts(Payload payload, RecordFields& out) {
    const auto r = object<InterruptsRecord>(payload);
    const std::size_t count = (payload.size() - sizeof r) / sizeof(SourceRecord);
    must_be_zero(out, std::uint32_t{r.zero});
    if (payload.size() != sizeof r + std::size_t{r.count} * sizeof(SourceRecord)) {
        out.faults.push_back(fmt::format("it says that it has {} sources, and has {}", std::uint32_t{r.count}, count));
        return;
    }
    Json sources = Json::array();
    for (std::size_t i = 0; i < count; ++i) {
        const auto source = object<SourceRecord>(payload, sizeof r + i * sizeof(SourceRecord));
        must_be_zero(out, source.zero[0], source.zero[1], source.zero[2]);
        if ((source.trigger | source.enabled | source.pending | source.in_service) == 0)
            continue;
        sources.push_back({{"number", hex(source.number)},
                           {"server", std::uint32_t{source.server}},
                           {"trigger", word(source.trigger, {"unused", "message", "level"})},
                           {"priority", source.priority},
                           {"enabled", source.enabled != 0},
                           {"pending", source.pending != 0},
                           {"in_service", source.in_service != 0}});
    }
    out.fields = {{"sources", count}, {"in_use", std::move(sources)}};
}

void terminal(Payload payload, RecordFields& out) {
    const auto r = object<TerminalRecord>(payload);
    out.fields = {{"number", std::uint32_t{r.index}},
                  {"written_bytes", std::uint32_t{r.output}},
                  {"typed_bytes", std::uint32_t{r.input}}};
    must_be_zero(out, std::uint32_t{r.zero});
    if (payload.size() - sizeof r != std::uint64_t{r.output} + r.input)
        out.faults.push_back(fmt::format("it says that {} bytes follow, and {} do", std::uint64_t{r.output} + r.input,
                                         payload.size() - sizeof r));
}

} // namespace transom::tool::stream
