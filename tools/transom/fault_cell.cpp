// SPDX-License-Identifier: Apache-2.0
#include "fault_cell.hpp"

#include "stream_fields.hpp"

#include <array>
#include <fmt/format.h>
#include <set>

namespace transom::tool {
namespace {

using migrate::RecordType;

constexpr std::array<const char*, 3> actions = {"corrupt", "truncate", "cut"};

/// Of records that one end or the other sends for being slow: how many there are nobody knows.
bool is_by_chance(RecordType record) { return record == RecordType::working || record == RecordType::failure; }

std::set<std::uint64_t> which(std::uint64_t count, std::uint64_t exhaustive) {
    if (count > exhaustive)
        return {1, (count + 1) / 2, count};
    std::set<std::uint64_t> all;
    for (std::uint64_t nth = 1; nth <= count; ++nth)
        all.insert(nth);
    return all;
}

/// Whether the target has been handed the partition when this record is under way, whole or not.
bool is_after_hand_over(RecordType record, bool post_copy) {
    switch (record) {
    case RecordType::page:
    case RecordType::packed_page:
    case RecordType::page_delta:
    case RecordType::zero_pages:
        return post_copy;
    case RecordType::running:
    case RecordType::demand:
    case RecordType::all_sent:
    case RecordType::all_here:
        return true;
    default:
        return false;
    }
}

} // namespace

std::string_view name(Outcome outcome) {
    switch (outcome) {
    case Outcome::on_source:
        return "source";
    case Outcome::on_target:
        return "target";
    case Outcome::in_doubt:
        return "in-doubt";
    case Outcome::lost:
        return "lost";
    }
    return "?";
}

std::string FaultCell::text() const {
    if (sealed)
        return fmt::format("sealed piece {} of the {}: {}", nth, sender == End::source ? "source" : "target", action);
    const std::string what =
        victim ? fmt::format("the {} is killed", *victim == End::source ? "source" : "target") : action;
    return fmt::format("{} {} of the {}: {}", record_name(static_cast<std::uint16_t>(record)), nth,
                       sender == End::source ? "source" : "target", what);
}

std::vector<FaultCell> fault_cells(const RecordCounts& source, const RecordCounts& target, std::uint64_t exhaustive) {
    std::vector<FaultCell> cells;
    for (const End sender : {End::source, End::target})
        for (const auto& [record, count] : sender == End::source ? source : target)
            for (const std::uint64_t nth : is_by_chance(record) ? std::set<std::uint64_t>() : which(count, exhaustive))
                for (const char* const action : actions)
                    cells.push_back({.sender = sender, .record = record, .nth = nth, .action = action});
    return cells;
}

std::vector<FaultCell> sealed_cells(std::uint64_t source, std::uint64_t target, std::uint64_t exhaustive) {
    std::vector<FaultCell> cells;
    for (const End sender : {End::source, End::target})
        for (const std::uint64_t nth : which(sender == End::source ? source : target, exhaustive))
            for (const char* const action : actions)
                cells.push_back({.sender = sender, .nth = nth, .action = action, .sealed = true});
    return cells;
}

std::vector<FaultCell> kill_cells(const RecordCounts& source, const RecordCounts& target) {
    constexpr std::array moments = {RecordType::hello, RecordType::page, RecordType::packed_page, RecordType::vcpu,
                                    RecordType::end,   RecordType::run,  RecordType::running,     RecordType::all_sent};
    std::vector<FaultCell> cells;
    for (const RecordType record : moments)
        for (const End sender : {End::source, End::target})
            if (const auto& counts = sender == End::source ? source : target; counts.contains(record))
                for (const End victim : {End::source, End::target})
                    cells.push_back({.sender = sender,
                                     .record = record,
                                     .nth = (counts.at(record) + 1) / 2,
                                     .action = "hold",
                                     .victim = victim});
    return cells;
}

std::optional<Outcome> expected(const FaultCell& cell, bool post_copy, bool on_channel) {
    if (cell.sealed) // what is in there nobody can say; one of them has it, and only one
        return {};
    const bool handed = is_after_hand_over(cell.record, post_copy);
    if (!cell.victim)
        return handed || on_channel ? Outcome::on_target : Outcome::on_source;
    if (*cell.victim == End::source) {
        // The target has all of it, or the only copy of something was at the source.
        const bool whole = handed && (!post_copy || cell.record == RecordType::all_sent);
        return whole ? Outcome::on_target : Outcome::lost;
    }
    // Once `run` is on its way the source cannot know what has become of it, unless it has heard of it.
    if (cell.record == RecordType::run || cell.record == RecordType::running)
        return Outcome::in_doubt;
    return handed ? Outcome::lost : Outcome::on_source;
}

} // namespace transom::tool
