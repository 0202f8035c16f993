// SPDX-License-Identifier: Apache-2.0
#include "stream_values.hpp"

#include <bit>
#include <transom/migrate/error.hpp>

namespace transom::tool {

using namespace migrate;
using namespace stream;

namespace {

void hello_reply(Payload payload, RecordFields& out) {
    const auto r = object<HelloReplyRecord>(payload);
    out.fields = {{"format_version", std::uint32_t{r.version}},
                  {"channels", std::uint32_t{r.channels}},
                  {"move", std::uint64_t{r.move}},
                  {"definition", bits(r.definition, {"wanted"})}};
    must_be_zero(out, std::uint32_t{r.zero});
}

void definition(Payload payload, RecordFields& out) {
    const auto r = object<DefinitionRecord>(payload);
    out.fields = {{"offset", std::uint64_t{r.offset}}, {"bytes", payload.size() - sizeof r}};
    if (payload.size() == sizeof r || payload.size() > sizeof r + max_definition_bytes)
        out.faults.push_back(fmt::format("1 to {} bytes of a definition may come at once", max_definition_bytes));
}

void ping(Payload payload, RecordFields& out) {
    out.fields = {{"source_ticks", std::uint64_t{object<PingRecord>(payload).source_ticks}}};
}

void pong(Payload payload, RecordFields& out) {
    const auto r = object<PongRecord>(payload);
    out.fields = {{"source_ticks", std::uint64_t{r.source_ticks}}, {"target_ticks", std::uint64_t{r.target_ticks}}};
}

void partition(Payload payload, RecordFields& out) {
    const auto r = object<PartitionRecord>(payload);
    out.fields = {
        {"virtual_processors", std::uint32_t{r.vcpus}},
        {"time_of_day_s", fmt::format("{}.{:09}", std::uint64_t{r.clock_seconds}, std::uint32_t{r.clock_nanoseconds})},
        {"at_partition_ticks", std::uint64_t{r.clock_base}},
        {"terminals", std::uint32_t{r.terminals}},
        {"rights", bits(r.rights, {"H_PIC", "keep-place"})}};
}

void page(Payload payload, RecordFields& out) {
    const Payload bytes = payload.subspan(sizeof(PageRecord));
    const auto r = object<PageRecord>(payload);
    out.fields = {{"granule", std::uint64_t{r.index}}, {"order", std::uint64_t{r.order}}, {"bytes", bytes.size()}};
    if (r.order == 0)
        out.faults.emplace_back("a copy without an order");
}

void page_delta(Payload payload, RecordFields& out) {
    const auto r = object<PageDeltaRecord>(payload);
    out.fields = {{"granule", std::uint64_t{r.index}},
                  {"order", std::uint64_t{r.order}},
                  {"base", std::uint64_t{r.base}},
                  {"bytes", payload.size() - sizeof r}};
}

void zero_pages(Payload payload, RecordFields& out) {
    const auto r = object<ZeroPagesRecord>(payload);
    out.fields = {
        {"first", std::uint64_t{r.first}}, {"count", std::uint64_t{r.count}}, {"order", std::uint64_t{r.order}}};
    if (r.count == 0)
        out.faults.emplace_back("a run of no granules");
    if (r.order == 0)
        out.faults.emplace_back("a copy without an order");
}

void clock(Payload payload, RecordFields& out) {
    const auto r = object<ClockRecord>(payload);
    out.fields = {{"stopped_at_ticks", std::uint64_t{r.stopped_at}},
                  {"offset_ticks", static_cast<std::int64_t>(std::uint64_t{r.offset})},
                  {"difference_ticks", static_cast<std::int64_t>(std::uint64_t{r.difference})},
                  {"difference_error_ticks", std::uint64_t{r.difference_error}},
                  {"stop_asked_at_ticks", std::uint64_t{r.stop_asked_at}}};
    must_be_zero(out, std::uint64_t{r.zero});
}

void totals(Payload payload, RecordFields& out) {
    const auto r = object<TotalsRecord>(payload);
    out.fields = {{"records", std::uint64_t{r.records}},
                  {"granules_in_full", std::uint64_t{r.pages}},
                  {"granules_as_zero", std::uint64_t{r.zero_pages}},
                  {"table_entries", std::uint64_t{r.table_entries}},
                  {"digest", hex(r.digest)}};
}

void running(Payload payload, RecordFields& out) {
    const auto r = object<RunningRecord>(payload);
    out.fields = {{"started_at_ticks", std::uint64_t{r.started_at}},
                  {"offset_ticks", static_cast<std::int64_t>(std::uint64_t{r.offset})},
                  {"stop_to_start_ticks", std::uint64_t{r.stop_to_start}}};
    must_be_zero(out, std::uint64_t{r.zero});
}

void failure(Payload payload, RecordFields& out) {
    const auto r = object<FailureRecord>(payload);
    out.fields = {{"error", std::uint32_t{r.error}}, {"name", text(r.name)}, {"text", text(r.text)}};
    must_be_zero(out, std::uint32_t{r.zero});
    if (const auto known = name(static_cast<MoveError>(std::uint32_t{r.error})); text(r.name) != known)
        out.faults.push_back(fmt::format("error {} is {} in docs/stream.md", std::uint32_t{r.error}, known));
}

void owed(Payload payload, RecordFields& out) {
    const auto r = object<OwedRecord>(payload);
    const Payload words = payload.subspan(sizeof r);
    std::uint64_t lacks = 0;
    for (std::size_t at = 0; at + sizeof(Be64) <= words.size(); at += sizeof(Be64))
        lacks += static_cast<std::uint64_t>(std::popcount(load_be<std::uint64_t>(words.data() + at)));
    out.fields = {{"first", std::uint64_t{r.first}},
                  {"count", std::uint64_t{r.count}},
                  {"cut", std::uint64_t{r.cut}},
                  {"owed", lacks}};
    if (words.size() / sizeof(Be64) != (r.count + 63) / 64 || words.size() % sizeof(Be64) != 0)
        out.faults.push_back(fmt::format("{} bytes of bits for {} granules", words.size(), std::uint64_t{r.count}));
}

void demand(Payload payload, RecordFields& out) {
    Json granules = Json::array();
    for (std::size_t at = 0; at + sizeof(Be64) <= payload.size(); at += sizeof(Be64))
        granules.push_back(load_be<std::uint64_t>(payload.data() + at));
    if (payload.size() % sizeof(Be64) != 0 || granules.size() > max_demand)
        out.faults.push_back(
            fmt::format("{} bytes, where demand has 8 for each of {} granules at most", payload.size(), max_demand));
    out.fields = {{"granules", std::move(granules)}};
}

void again(Payload payload, RecordFields& out) {
    const auto r = object<AgainRecord>(payload);
    out.fields = {{"name", text(r.name)}, {"stopped_at_ticks", std::uint64_t{r.stopped_at}}};
    must_be_zero(out, std::uint64_t{r.zero});
}

void join(Payload payload, RecordFields& out) {
    const auto r = object<JoinRecord>(payload);
    out.fields = {{"name", text(r.name)}, {"move", std::uint64_t{r.move}}};
    must_be_zero(out, std::uint64_t{r.zero});
}

void received(Payload payload, RecordFields& out) {
    out.fields = {{"records", std::uint64_t{object<ReceivedRecord>(payload).records}}};
}

struct Kind {
    RecordType type;
    std::string_view name;
    std::size_t size;                           // of the payload
    bool exact;                                 // or at least
    void (*take_apart)(Payload, RecordFields&); // null: there is nothing in it
};

constexpr std::array kinds = {
    Kind{RecordType::hello, "hello", sizeof(HelloRecord), true, hello},
    Kind{RecordType::ping, "ping", sizeof(PingRecord), true, ping},
    Kind{RecordType::partition, "partition", sizeof(PartitionRecord), true, partition},
    Kind{RecordType::page, "page", sizeof(PageRecord), false, page},
    Kind{RecordType::zero_pages, "zero_pages", sizeof(ZeroPagesRecord), true, zero_pages},
    Kind{RecordType::page_table, "page_table", sizeof(TableSectionsRecord), false,
         [](Payload payload, RecordFields& out) { page_table(payload, out, false); }},
    Kind{RecordType::vcpu, "vcpu", sizeof(VcpuRecord), false, vcpu},
    Kind{RecordType::areas, "areas", sizeof(AreasRecord), true, areas},
    Kind{RecordType::interrupts, "interrupts", sizeof(InterruptsRecord), false, interrupts},
    Kind{RecordType::terminal, "terminal", sizeof(TerminalRecord), false, terminal},
    Kind{RecordType::clock, "clock", sizeof(ClockRecord), true, clock},
    Kind{RecordType::end, "end", sizeof(TotalsRecord), true, totals},
    Kind{RecordType::run, "run", 0, true, nullptr},
    Kind{RecordType::hello_reply, "hello_reply", sizeof(HelloReplyRecord), true, hello_reply},
    Kind{RecordType::pong, "pong", sizeof(PongRecord), true, pong},
    Kind{RecordType::held, "held", sizeof(TotalsRecord), true, totals},
    Kind{RecordType::running, "running", sizeof(RunningRecord), true, running},
    Kind{RecordType::failure, "failure", sizeof(FailureRecord), true, failure},
    Kind{RecordType::working, "working", 0, true, nullptr},
    Kind{RecordType::owed, "owed", sizeof(OwedRecord), false, owed},
    Kind{RecordType::demand, "demand", sizeof(Be64), false, demand},
    Kind{RecordType::all_sent, "all_sent", 0, true, nullptr},
    Kind{RecordType::all_here, "all_here", 0, true, nullptr},
    Kind{RecordType::again, "again", sizeof(AgainRecord), true, again},
    Kind{RecordType::join, "join", sizeof(JoinRecord), true, join},
    Kind{RecordType::received, "received", sizeof(ReceivedRecord), true, received},
    Kind{RecordType::packed_page, "packed_page", sizeof(PageRecord), false, page},
    Kind{RecordType::page_delta, "page_delta", sizeof(PageDeltaRecord), false, page_delta},
    Kind{RecordType::definition, "definition", sizeof(DefinitionRecord), false, definition},
};

const Kind* kind_of(std::uint16_t type) {
    const auto* const found = std::ranges::find(kinds, static_cast<RecordType>(type), &Kind::type);
    return found == kinds.end() ? nullptr : found;
}

} // namespace

std::string record_name(std::uint16_t type) {
    const Kind* const kind = kind_of(type);
    return kind != nullptr ? std::string(kind->name) : fmt::format("type {}", type);
}

RecordFields fields_of(std::uint16_t type, std::span<const std::byte> payload, bool all) {
    RecordFields out;
    const Kind* const kind = kind_of(type);
    if (kind == nullptr)
        return out;
    if (payload.size() < kind->size || (kind->exact && payload.size() != kind->size)) {
        out.faults.push_back(fmt::format("{} bytes, where {} has {}{}", payload.size(), kind->name,
                                         kind->exact ? "" : "at least ", kind->size));
        return out;
    }
    if (all && kind->type == RecordType::page_table)
        page_table(payload, out, true);
    else if (kind->take_apart != nullptr)
        kind->take_apart(payload, out);
    return out;
}

} // namespace transom::tool
