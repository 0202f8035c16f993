// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <transom/base/static_vector.hpp>
#include <transom/migrate/error.hpp>
#include <transom/migrate/move_estimate.hpp>
#include <transom/migrate/pass_result.hpp>
#include <transom/migrate/record.hpp>
#include <transom/net/byte_stream.hpp>

namespace transom::migrate {

enum class Role : std::uint8_t { none, source, target };

enum class MoveState : std::uint8_t {
    none,        // there was no move yet
    connecting,  // until both agree
    pre_copying, // it runs, and its memory is being sent
    copying,     // suspended, state is being sent
    confirming,  // everything is sent, or what it needs to run there; held, run, running
    post_copying, // it runs there, and its memory is being sent; or the connection is broken, and a new one is being made
    completed,    // the target runs it
    failed,       // the source runs it (or never had it)
    refused,      // the ends do not fit each other; the source runs it
    in_doubt,     // the target may or may not run it; the source keeps it suspended
    checked,      // it could move, and was not to: the source runs it
};

/// When a partition's memory is copied.
enum class MoveMode : std::uint8_t {
    pre_copy,      // while it runs, until little enough is left; where that does not come about, it stays
    hybrid,        // the same; where that does not come about, the rest when it runs at the target
    post_copy,     // when it runs at the target
    stop_and_copy, // while it stands still
};

/// It runs while its memory is copied, and who stores to what is followed.
constexpr bool is_tracked(MoveMode mode) { return mode == MoveMode::pre_copy || mode == MoveMode::hybrid; }

/// Who has a partition whose move ended in doubt: only an operator who has looked at both machines can say.
enum class Owner : std::uint8_t { here, peer };

/// By its name in orders: pre-copy, hybrid, post-copy, stop-and-copy.
std::optional<MoveMode> move_mode(std::string_view name);

std::string_view name(Role role);
std::string_view name(MoveState state);
/// By that name.
std::optional<MoveState> move_state(std::string_view name);

/// What is known about the move in progress, or the last one. Times are ticks of this machine's time base.
struct Progress {
    Role role = Role::none;
    MoveState state = MoveState::none;
    NameField partition_storage{};
    net::Ipv4Address peer;
    std::uint64_t pages_total = 0;
    std::uint64_t pages = 0;                      // sent or stored in full, each time
    std::uint64_t zero_pages = 0;                 // sent or stored as zero
    std::uint64_t pages_resent = 0;               // of both: not for the first time
    std::uint64_t pages_compressed = 0;           // of pages,
    std::uint64_t pages_delta = 0;                // as what has changed of them
    std::uint64_t bytes_saved = 0;                // what pages took less than they have
    std::uint64_t encode_ticks = 0;               // source: for that,
    std::uint64_t send_ticks = 0;                 // and for giving what there is to the connection
    unsigned pass = 0;                            // source: that is under way, or was last
    StaticVector<PassResult, most_passes> passes; // source: those that have ended
    Ticks predicted_stop = 0; // source: after the last pass, for what was left of pages and page table; 0: not known
    std::optional<MoveEstimate> estimate; // source, in progress: a tenth of a second old at most
    unsigned slowed = 0;                  // source: at most, percent of what who stores too much would store
    std::uint64_t pages_left = 0;         // source, after the last pass; both, while it runs there already
    unsigned connections = 0;             // most at once
    unsigned connections_lost = 0;        // source: of channels, before they were through
    std::uint64_t pages_demanded = 0;     // that somebody at the target waited for
    std::uint64_t wait_99 = 0;            // target: 99 of 100 of them took no longer; up to a quarter too much
    std::uint64_t longest_wait = 0;       // the same, all of them
    std::uint64_t table_entries = 0;      // of the hashed page table, each time they went or came
    std::uint64_t sections_total = 0;     // of that table
    std::uint64_t sections = 0;           // sent or taken in, each time
    std::uint64_t sections_resent = 0;    // of those: not for the first time
    std::uint64_t sections_in_stop = 0;   // of those: when the partition stood still
    std::uint64_t rc_mismatches = 0;      // target: of them, whose R and C are not those that came
    std::uint64_t fold_ticks = 0; // source: in the stop, for finding and reading what has changed in its page tables
    std::uint64_t bytes = 0;      // of the stream, this direction of the data
    std::uint64_t definition_bytes = 0; // of it, for what the partition is started from
    std::uint64_t began_at = 0;
    std::uint64_t agreed_at = 0;
    std::uint64_t stop_asked_at = 0; // source
    std::uint64_t stopped_at = 0;    // source: as measured; target: by the estimated difference
    std::uint64_t copied_at = 0;     // end sent or received
    std::uint64_t held_at = 0;
    std::uint64_t started_at = 0; // target: as measured; source: by the estimated difference
    std::uint64_t ended_at = 0;
    std::uint64_t clock_error = 0; // ticks, of everything above that goes by the estimated difference
    Failure failure;

    std::string_view partition() const { return partition_storage.data(); }
    /// Where there was one.
    const PassResult& last_pass() const { return passes[passes.size() - 1]; }
    /// Pages that the target has, or had, of pages_total.
    std::uint64_t pages_done() const { return pages + zero_pages - pages_resent; }
    /// From the last stop at the source to the start at the target; 0 until known.
    std::uint64_t downtime() const { return started_at != 0 && stopped_at != 0 ? started_at - stopped_at : 0; }
    bool in_progress() const {
        return state == MoveState::connecting || state == MoveState::pre_copying || state == MoveState::copying ||
               state == MoveState::confirming || state == MoveState::post_copying;
    }
};

} // namespace transom::migrate
