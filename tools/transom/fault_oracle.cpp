// SPDX-License-Identifier: Apache-2.0
#include "fault_oracle.hpp"

#include <fmt/format.h>

namespace transom::tool {
namespace {

using migrate::RecordType;

/// A sender in that phase knows that the target has it, whatever becomes of the connection.
bool is_handed(MoveState phase) { return phase == MoveState::post_copying || phase == MoveState::completed; }

Outcome of_kill(const FaultCell& cell, MoveState phase) {
    const bool handed = is_handed(phase);
    if (*cell.victim == End::source) {
        // The target has all of it, or the only copy of something was at the source.
        const bool whole = phase == MoveState::completed || cell.is(RecordType::all_sent);
        return handed && whole ? Outcome::on_target : Outcome::lost;
    }
    // Once `run` is on its way the source cannot know what has become of it, unless it has heard of it.
    if (cell.is(RecordType::running) || cell.let_go)
        return Outcome::in_doubt;
    return handed ? Outcome::lost : Outcome::on_source;
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

MoveState phase_of(const FaultCell& cell, const Happened& happened) {
    const bool greets = cell.layer == Layer::sealed && cell.record == tls_handshake && !happened.beside;
    return greets ? MoveState::connecting : happened.phase;
}

Outcome expected(const FaultCell& cell, const Happened& happened) {
    const MoveState phase = phase_of(cell, happened);
    if (cell.victim)
        return of_kill(cell, phase);
    // What is held for too long stops all connections.
    const bool goes_on = happened.beside && !cell.outlasts();
    return is_handed(phase) || goes_on ? Outcome::on_target : Outcome::on_source;
}

std::vector<std::string> survivor_complaints(const FaultCell& cell, Outcome outcome, const Survivor& survivor) {
    std::vector<std::string> list;
    const auto require = [&](bool holds, std::string_view what) {
        if (!holds)
            list.push_back(fmt::format("{} (migration is {}, the partition {}, {} pages are missing)", what,
                                       survivor.migration, survivor.partition.empty() ? "absent" : survivor.partition,
                                       survivor.pages_left));
    };
    const bool at_target = *cell.victim == End::source;
    const bool names_missing = survivor.pages_left != 0 && survivor.names_missing;
    // The source owes something from `run` on; that nothing is left of it when it has sent all it does not yet know.
    const bool owes = is_handed(cell.phase) && cell.phase != MoveState::completed;
    switch (outcome) {
    case Outcome::on_source:
        require(survivor.migration == "failed" && survivor.has_error, "the source does not say that the move failed");
        require(survivor.partition == "running", "the partition does not run at the source");
        break;
    case Outcome::on_target:
        require(survivor.migration == "completed", "the target does not say that it has all of it");
        require(survivor.partition == "running", "the partition does not run at the target");
        break;
    case Outcome::in_doubt:
        require(survivor.migration == "in-doubt" || survivor.migration == "post-copying",
                "the source says something else than that it is in doubt");
        require(survivor.has_error, "the source does not say why it is in doubt");
        require(survivor.partition == "suspended", "in doubt, the partition is not suspended");
        break;
    case Outcome::lost:
        if (at_target && owes) {
            require(survivor.migration == "post-copying" && survivor.has_error && names_missing,
                    "the target does not say what it lacks");
            require(survivor.partition == "running", "what came first does not run at the target");
        } else if (at_target) {
            require(survivor.partition.empty(), "the target keeps what had come");
            // Of a source that is still connecting perhaps nothing has come yet.
            require(cell.phase == MoveState::connecting || (survivor.migration == "failed" && survivor.has_error),
                    "the target does not say that the move failed");
        } else if (cell.record == 0 || (cell.is(RecordType::all_sent) && survivor.migration == "completed")) {
            // A target that has everything says so, whether it has heard that nothing more comes or not.
            require(survivor.migration == "completed", "the source does not say that it has gone");
            require(survivor.partition != "running" && survivor.partition != "suspended",
                    "the source has what it has let go");
        } else {
            require(survivor.migration == "post-copying" && survivor.has_error,
                    "the source does not say that it waits for the target");
            require(survivor.partition == "suspended", "the partition that has run elsewhere is not suspended here");
            require(names_missing || cell.is(RecordType::all_sent) || cell.sender == End::target,
                    "the source does not say what it has not sent");
        }
        break;
    }
    return list;
}

} // namespace transom::tool
