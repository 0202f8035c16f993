// SPDX-License-Identifier: Apache-2.0
#include "end_connection.hpp"
#include "lost_connection.hpp"
#include <transom/base/log.hpp>
#include <transom/migrate/limits.hpp>
#include <transom/migrate/missing_pages.hpp>
#include <transom/migrate/target_session.hpp>

// Every way in which an arrival can end at the target, and who has the partition then.

namespace transom::migrate {

bool TargetSession::cancel() {
    if (stream_ == nullptr || phase_ == Phase::idle || phase_ == Phase::greeting || phase_ == Phase::over ||
        phase_ == Phase::post_copying)
        return false;
    fail(failure(MoveError::cancelled, "the operator of the target cancelled the move"));
    return true;
}

/// Progress is what the source says and we take in, what it takes of our answers, and our work on what it said: not that
/// its bytes wait here. Before the hello is whole nothing counts, and after the end nothing does.
void TargetSession::check_time() {
    const Limits limits(facts_.timebase_frequency);
    const bool first = phase_ == Phase::greeting || is_unknown();
    if (control_.now() - last_progress_ < (first ? limits.first_record : limits.silence))
        return;
    if (phase_ == Phase::over) {
        channels_.end();
        return end_connection(stream_, false);
    }
    fail(failure(MoveError::time_limit, "the source {} for {} s",
                 writer_.pending() ? "did not read our answers" : "was silent",
                 first ? first_record_limit_s : silence_limit_s));
}

void TargetSession::handle_failure(const Record& record) {
    const auto said = record.as<FailureRecord>();
    if (!said)
        return wrong_length(record);
    if (said->error == static_cast<std::uint32_t>(MoveError::checked))
        return end_check();
    fail(from_record(*said), false);
}

/// The source has only wanted to know.
void TargetSession::end_check() {
    if (phase_ != Phase::timing)
        return fail(failure(MoveError::record_order, "the source wanted to know no more, after it had begun to move"));
    progress_.ended_at = control_.now();
    progress_.state = MoveState::checked;
    log("migration: {} could move here; nothing has changed", shape_.name());
    channels_.end();
    partition::Partition& partition = *arrival_.partition;
    be_over();
    control_.discard(partition);
    end_connection(stream_, false);
}

void TargetSession::out_of_order(const Record& record) {
    if (phase_ == Phase::greeting)
        return fail(failure(MoveError::record_order, "the source's first record is of type {}, not hello",
                            static_cast<unsigned>(record.type)));
    fail(failure(MoveError::record_order, "a record of type {} came where it may not",
                 static_cast<unsigned>(record.type)));
}

void TargetSession::wrong_length(const Record& record) {
    fail(failure(MoveError::record_length, "a record of type {} has {} bytes", static_cast<unsigned>(record.type),
                 record.payload.size()));
}

/// What there was for the partition to arrive in is nobody's to look at any more.
void TargetSession::be_over() {
    phase_ = Phase::over;
    arrival_ = {};
    zero_left_ = 0;
    again_ = false;
}

/// Ends a connection that is not the one that is awaited.
void TargetSession::refuse(const Failure& why) {
    log("migration: refused what came from the link: {}: {}", name(why.error), why.text());
    if (phase_ == Phase::greeting)
        phase_ = Phase::over;
    end_connection(stream_, writer_, why, true);
}

void TargetSession::fail(const Failure& why, bool tell_peer) {
    if (phase_ == Phase::idle || phase_ == Phase::over)
        return;
    if (is_unknown()) // it makes no difference to the partition
        return refuse(why);
    channels_.end();
    if (phase_ == Phase::post_copying) {
        // It runs here and nowhere else: who needs what is missing waits until the source comes again.
        const PageArrivals& pages = *arrival_.pages;
        progress_.pages_left = pages.pages_left();
        progress_.failure =
            with_missing(why, name_missing(pages.pages(), progress_.pages_left, [&](std::uint64_t page) {
                             return pages.status({page}) != ArrivalStatus::present;
                         }));
        zero_left_ = 0;
        log("migration: {} pages of {} are to come, and the connection to its source is gone: {}", progress_.pages_left,
            shape_.name(), progress_.failure.text());
        return end_connection(stream_, writer_, why, tell_peer);
    }
    // Before a hello there is no move that could be told about; progress() keeps the last one.
    if (progress_.in_progress()) {
        progress_.ended_at = control_.now();
        progress_.state = is_refusal(why.error) ? MoveState::refused : MoveState::failed;
        progress_.failure = why;
    }
    log("migration: refused what came from the link: {}: {}", name(why.error), why.text());
    if (phase_ == Phase::held)
        outcomes_.note(move(), source_key_, MoveOutcome::destroyed, control_.now());
    partition::Partition* const partition = arrival_.partition;
    be_over();
    if (partition != nullptr)
        control_.discard(*partition);
    end_connection(stream_, writer_, why, tell_peer);
}

void TargetSession::closed(net::CloseReason reason) {
    const bool unknown = is_unknown();
    stream_ = nullptr;
    if (unknown)
        return;
    if (phase_ == Phase::over)
        channels_.end(); // those that the source has not ended
    // It ends the connection in order when it has heard how the move has ended.
    if (phase_ == Phase::over && reason == net::CloseReason::finished && clock_)
        outcomes_.heard(move(), source_key_);
    fail(lost_connection(reason, "the source"), false);
}

} // namespace transom::migrate
