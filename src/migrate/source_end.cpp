// SPDX-License-Identifier: Apache-2.0
#include "end_connection.hpp"
#include "failure_record.hpp"
#include "lost_connection.hpp"
#include <transom/base/log.hpp>
#include <transom/migrate/missing_pages.hpp>
#include <transom/migrate/source_session.hpp>

// Every way in which a move can end at the source, and who has the partition then.

namespace transom::migrate {

/// Nothing is known of the partition's page table any more: the partition may be gone.
void SourceSession::be_over() {
    phase_ = Phase::over;
    asked_now_ = false;
    table_.end();
}

/// The target has built its home, and takes it down again.
void SourceSession::end_check() {
    progress_.ended_at = now();
    progress_.state = MoveState::checked;
    be_over();
    log("migration: {} could move; nothing has changed", progress_.partition());
    end_connection(stream_, writer_, failure(MoveError::checked, "the source only wanted to know"), true);
}

/// The target has all of it.
void SourceSession::complete() {
    asked_now_ = false;
    // What a broken channel owed has gone once, and may have come. Of what never went there is no digest.
    const PageStateTable& pages = order_.pages->table();
    const bool whole =
        !post_copy_ || (pages.pages_left() <= channels_.owed_again() && pages.count(PageStatus::fresh) == 0);
    progress_.ended_at = now();
    progress_.pages_left = 0;
    progress_.failure = {};
    table_.end();
    log("migration: {} runs at the target; freeing it here", progress_.partition());
    channels_.end(true);
    end_connection(stream_, true);
    phase_ = Phase::leaving;
    control_.release(*order_.partition, whole);
}

void SourceSession::left(const partition::Partition& partition) {
    if (phase_ != Phase::leaving || order_.partition != &partition)
        return;
    progress_.state = MoveState::completed;
    be_over();
}

void SourceSession::handle_failure(const Record& record) {
    const auto said = record.as<FailureRecord>();
    if (!said)
        return unexpected_record(record);
    const Failure why = from_record(*said);
    // That says this earlier will not start it; and on another connection, if it says so.
    handed_ = handed_ && phase_ >= Phase::fetching && (ran_there_ || why.error != MoveError::discarded);
    fail(why, false);
}

bool SourceSession::cancel() {
    if (!progress_.in_progress() || handed_)
        return false;
    fail(failure(MoveError::cancelled, "the operator cancelled the move"));
    return true;
}

void SourceSession::end_doubt(partition::Partition& partition, Owner owner, const Failure& word) {
    log("migration: {}", word.text());
    const bool cut_off = is_cut_off(partition);
    if (cut_off) {
        be_over();
        handed_ = post_copy_ = false;
        progress_.ended_at = now();
        end_connection(stream_, false);
        control_.untrack(partition);
    }
    // There may have been another move since.
    const bool last = progress_.state == MoveState::in_doubt || progress_.state == MoveState::post_copying;
    if (last && order_.partition == &partition) {
        progress_.state = owner == Owner::here ? MoveState::failed : MoveState::confirming;
        progress_.failure = word;
        if (owner == Owner::peer)
            phase_ = Phase::leaving; // completed when it is freed
    }
    if (owner == Owner::here)
        control_.resume(partition);
    else
        control_.release(partition, !cut_off);
}

void SourceSession::ended(const partition::Partition& partition) {
    if (order_.partition == &partition)
        fail(failure(MoveError::not_running, "{} ended before it could move", progress_.partition()));
}

/// What the target lacks as far as is known here: what was on its way may be there.
void SourceSession::note_missing(const Failure& why) {
    const PageStateTable& table = order_.pages->table();
    progress_.pages_left = table.pages_left();
    progress_.failure = with_missing(why, name_missing(table.pages(), progress_.pages_left, [&](std::uint64_t page) {
                                         return table.state({page}).status() != PageStatus::sent;
                                     }));
}

void SourceSession::fail(const Failure& why, bool tell_peer) {
    if (phase_ == Phase::idle || phase_ == Phase::leaving || phase_ == Phase::over)
        return;
    channels_.end(false);
    asked_now_ = false;
    if (owes()) {
        const bool said = progress_.failure.error == why.error; // each second
        progress_.state = MoveState::post_copying;
        note_missing(why);
        if (!said)
            log("migration: {} {} at the target, which lacks {} pages of it, and the connection is gone: {}",
                progress_.partition(), has_run_there() ? "runs" : "may run", progress_.pages_left,
                progress_.failure.text());
        bytes_before_ += writer_.bytes() - writer_.waiting().size();
        retry_at_ = now() + facts_.timebase_frequency;
        phase_ = Phase::waiting;
        return end_connection(stream_, writer_, why, tell_peer);
    }
    const bool stop_asked = phase_ >= Phase::suspending;
    StoreThrottle::end(*order_.partition);
    be_over();
    progress_.ended_at = now();
    if (handed_) {
        progress_.state = MoveState::in_doubt;
        progress_.failure = failure(MoveError::in_doubt, "{} may run at the target; it stays suspended here ({})",
                                    progress_.partition(), why.text());
    } else {
        progress_.state = is_refusal(why.error) ? MoveState::refused : MoveState::failed;
        progress_.failure = why;
        if (stop_asked)
            control_.resume(*order_.partition);
    }
    control_.untrack(*order_.partition); // nobody asks for its pages any more, whoever has it
    log("migration of {}: {}: {}", progress_.partition(), name(progress_.failure.error), progress_.failure.text());
    end_connection(stream_, writer_, why, tell_peer && !handed_);
}

void SourceSession::closed(net::CloseReason reason) {
    stream_ = nullptr;
    if (phase_ == Phase::connecting || phase_ == Phase::reconnecting) {
        if (reason == net::CloseReason::refused)
            return fail(failure(MoveError::refused_connection,
                                "nobody listens at the target's port {}: does a Transom run there?", order_.port));
        if (reason == net::CloseReason::unreachable || reason == net::CloseReason::no_memory)
            return fail(failure(MoveError::unreachable, "nobody answers at the target's address"));
    }
    fail(lost_connection(reason, "the target"), false);
}

} // namespace transom::migrate
