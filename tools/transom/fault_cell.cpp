// SPDX-License-Identifier: Apache-2.0
#include "fault_cell.hpp"

#include "stream_fields.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace transom::tool {
namespace {

using migrate::RecordType;

constexpr std::array<const char*, 3> actions = {"corrupt", "truncate", "cut"};
constexpr std::array ends = {End::source, End::target};

bool is_any(std::uint16_t record, std::initializer_list<RecordType> types) {
    return std::ranges::find(types, static_cast<RecordType>(record)) != types.end();
}

/// Of records that one end or the other sends for being slow, or for having failed: how many there are nobody knows.
bool is_of_time(std::uint16_t record) { return is_any(record, {RecordType::working, RecordType::failure}); }

std::set<std::uint64_t> which(std::uint64_t count, std::uint64_t exhaustive) {
    if (count > exhaustive)
        return {1, (count + 1) / 2, count};
    std::set<std::uint64_t> all;
    for (std::uint64_t nth = 1; nth <= count; ++nth)
        all.insert(nth);
    return all;
}

bool is_page(std::uint16_t record) {
    return is_any(record, {RecordType::page, RecordType::packed_page, RecordType::page_delta});
}

/// At which something begins, or ends.
bool is_moment(End sender, std::uint16_t record) {
    if (sender == End::target)
        return is_any(record, {RecordType::hello_reply, RecordType::held, RecordType::running, RecordType::demand,
                               RecordType::all_here});
    return is_page(record) ||
           is_any(record, {RecordType::hello, RecordType::zero_pages, RecordType::page_table, RecordType::partition,
                           RecordType::owed, RecordType::vcpu, RecordType::end, RecordType::run, RecordType::all_sent});
}

void add_kills(std::vector<FaultCell>& cells, FaultCell cell) {
    cell.action = "hold";
    for (const End victim : ends) {
        cell.victim = victim;
        cells.push_back(cell);
    }
    if (!cell.is(RecordType::run))
        return;
    cell.let_go = true; // the target is the victim
    cells.push_back(cell);
}

} // namespace

std::string FaultCell::record_text() const {
    if (record == 0)
        return "end of the move";
    if (layer == Layer::stream)
        return record_name(record);
    return record == tls_handshake ? "handshake" : "sealed";
}

std::string FaultCell::text() const {
    const auto called = [](End end) { return end == End::source ? "source" : "target"; };
    std::string what = action;
    if (victim)
        what = fmt::format("the {} is killed{}", called(*victim), let_go ? ", and it goes on its way" : "");
    if (record == 0)
        return fmt::format("{}, {}: {}", name(phase), record_text(), what);
    return fmt::format("{}, {} {} of the {}: {}", name(phase), record_text(), nth, called(sender), what);
}

std::string FaultCell::order() const {
    const bool sealed = layer == Layer::sealed;
    std::string where = sealed ? " layer=sealed" : "";
    if (record != tls_handshake || !sealed)
        where += fmt::format(" phase={}", name(phase));
    return fmt::format("fault{} record={} nth={} do={}", where, record, nth, action);
}

/// Who has everything may say so before it hears that all was sent. How many there are of a type differs from move to move. Pages go compressed, as differences or by other connections as it
/// comes, and what is waited for depends on what runs. A death is at the first of what two moves have had, of pages too.
bool FaultCell::is_certain() const {
    if (record == 0)
        return true;
    if (nth != 1 || (layer == Layer::stream && is_any(record, {RecordType::all_sent, RecordType::working})))
        return false;
    const bool by_chance = is_any(record, {RecordType::page_delta, RecordType::demand});
    if (victim)
        return layer == Layer::sealed || !by_chance;
    return layer == Layer::stream && !by_chance && !is_page(record) &&
           !is_any(record, {RecordType::zero_pages, RecordType::received, RecordType::join});
}

MoveCounts MoveCounts::in_both(const MoveCounts& other) const {
    MoveCounts both;
    for (const Layer layer : {Layer::stream, Layer::sealed})
        for (const End end : ends)
            for (const auto& [phase, records] : of(layer, end))
                for (const auto& [record, count] : records) {
                    const PhaseCounts& there = other.of(layer, end);
                    const auto in_phase = there.find(phase);
                    if (in_phase != there.end() && in_phase->second.contains(record))
                        both.of(layer, end)[phase][record] = std::min(count, in_phase->second.at(record));
                }
    return both;
}

std::vector<FaultCell> fault_cells(const MoveCounts& counts, std::uint64_t exhaustive,
                                   std::uint64_t exhaustive_sealed) {
    std::vector<FaultCell> cells;
    for (const Layer layer : {Layer::stream, Layer::sealed})
        for (const End sender : ends)
            for (const auto& [phase, records] : counts.of(layer, sender))
                for (const auto& [record, count] : records) {
                    if (layer == Layer::stream && is_of_time(record))
                        continue;
                    for (const std::uint64_t nth :
                         which(count, layer == Layer::stream ? exhaustive : exhaustive_sealed))
                        for (const char* const action : actions)
                            cells.push_back({sender, phase, layer, record, nth, action});
                }
    return cells;
}

std::vector<FaultCell> hold_cells(const MoveCounts& counts) {
    const auto held = [](End sender, std::uint16_t record) {
        if (sender == End::target)
            return is_any(record, {RecordType::held, RecordType::running});
        return is_any(record, {RecordType::hello, RecordType::partition, RecordType::run});
    };
    std::vector<FaultCell> cells;
    for (const End sender : ends)
        for (const auto& [phase, records] : counts.of(Layer::stream, sender)) {
            const bool copies = phase == MoveState::pre_copying || phase == MoveState::post_copying;
            bool page_held = false; // of whichever kind
            for (const auto& [record, count] : records) {
                const bool page = copies && sender == End::source && is_page(record) && !page_held;
                page_held = page_held || page;
                if (page || held(sender, record))
                    cells.push_back({sender, phase, Layer::stream, record, 1, "hold"});
            }
        }
    return cells;
}

std::vector<FaultCell> kill_cells(const MoveCounts& counts) {
    std::vector<FaultCell> cells;
    for (const End sender : ends) {
        if (counts.of(Layer::sealed, sender).contains(MoveState::connecting))
            add_kills(cells, {sender, MoveState::connecting, Layer::sealed, tls_handshake});
        for (const auto& [phase, records] : counts.of(Layer::stream, sender))
            for (const auto& [record, count] : records) {
                if (!is_moment(sender, record))
                    continue;
                add_kills(cells, {sender, phase, Layer::stream, record});
                if (is_page(record) && count > 2)
                    add_kills(cells, {sender, phase, Layer::stream, record, (count + 1) / 2});
            }
    }
    for (const End victim : ends)
        cells.push_back({.sender = End::source, .phase = MoveState::completed, .action = "hold", .victim = victim});
    return cells;
}

std::vector<FaultCell> part_of(const std::vector<FaultCell>& cells, std::size_t part, std::size_t parts) {
    std::vector<FaultCell> some;
    for (std::size_t i = part - 1; i < cells.size(); i += parts)
        some.push_back(cells[i]);
    return some;
}

} // namespace transom::tool
