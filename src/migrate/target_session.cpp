// SPDX-License-Identifier: Apache-2.0
#include "end_connection.hpp"
#include <transom/base/log.hpp>
#include <transom/base/panic.hpp>
#include <transom/migrate/clock.hpp>
#include <transom/migrate/limits.hpp>
#include <transom/migrate/partition_state.hpp>
#include <transom/migrate/target_session.hpp>
#include <utility>

// The conversation of the target: what comes when. What the records bring is in target_records.cpp, and every way in
// which it can end in target_end.cpp.

namespace transom::migrate {

TargetSession::TargetSession(TargetControl& control, const MachineFacts& facts, std::span<std::byte> receive_buffer)
    : control_(control), facts_(facts), reader_(receive_buffer), writer_(send_buffer_),
      channels_(*this, facts.timebase_frequency) {
    invariant(receive_buffer.size() >= max_record, "the target's receive buffer is too small");
}

void TargetSession::accept(net::ByteStream& stream) {
    invariant(!busy(), "a second source was accepted");
    stream_ = &stream;
    has_records_ = true;
    bytes_before_ = phase_ == Phase::post_copying ? bytes_before_ + reader_.bytes() : 0;
    reader_.reset();
    writer_.reset();
    kept_back_ = false;
    zero_left_ = 0;
    again_ = known_ = false;
    touch();
    if (phase_ == Phase::post_copying)
        return; // nobody but its source is awaited
    arrival_ = {};
    source_key_ = stream.peer_key();
    phase_ = Phase::greeting;
    owed_next_ = 0;
    vcpus_seen_.reset();
    areas_seen_.reset();
    interrupts_seen_ = false;
    terminals_seen_.reset();
    clock_.reset();
    definition_next_ = 0;
    definition_digest_ = {};
}

void TargetSession::turn_away() { end_connection(stream_, false); }

/// Of the partition nothing is to be found in our buffers once it has come, or has not.
void TargetSession::erase_records() {
    if (!std::exchange(has_records_, false))
        return;
    reader_.erase();
    writer_.erase();
}

bool TargetSession::step(std::uint64_t budget) {
    const bool channels_have_more = channels_.step();
    if (stream_ == nullptr) {
        complete_if_whole();
        erase_records();
        return channels_have_more;
    }
    deadline_ = control_.now() + budget;
    flush();
    work_off_zero_run();
    if (stream_ != nullptr && phase_ == Phase::preparing && !writer_.pending())
        prepare(budget);
    check_time();
    complete_if_whole();
    say_what_is_missing();
    ask_for_pages();
    say_working();
    if (stream_ != nullptr && kept_back_ && zero_left_ == 0 && !writer_.pending()) {
        kept_back_ = false;
        stepping_ = true;
        stream_->resume_receive();
        stepping_ = false;
    }
    return channels_have_more ||
           (stream_ != nullptr && (kept_back_ || zero_left_ != 0 || phase_ == Phase::preparing) && !writer_.pending());
}

/// The source may wait for our reply, or have sent everything, long before we are through with it: about once a second of progress it
/// hears of us.
void TargetSession::say_working() {
    const bool due =
        static_cast<std::int64_t>(last_progress_ - last_said_) >= static_cast<std::int64_t>(facts_.timebase_frequency);
    const bool works = phase_ == Phase::preparing || phase_ == Phase::pre_copying || phase_ == Phase::receiving ||
                       phase_ == Phase::post_copying;
    if (stream_ == nullptr || !works || is_unknown() || writer_.pending() || !due)
        return;
    last_said_ = last_progress_;
    writer_.finish(RecordType::working, 0, 0);
    flush();
}

bool TargetSession::flush() {
    while (writer_.pending() && writer_.flush_some(*stream_) != 0)
        if (phase_ != Phase::over)
            touch();
    return !writer_.pending();
}

std::size_t TargetSession::received(std::span<const std::byte> bytes) {
    if (!stepping_)
        deadline_ = control_.now() + Limits(facts_.timebase_frequency).receive;
    std::size_t done = 0;
    while (done < bytes.size() && phase_ != Phase::over && stream_ != nullptr) {
        work_off_zero_run();
        if (zero_left_ != 0 || !flush()) {
            kept_back_ = true;
            return done;
        }
        const auto fed = reader_.feed(bytes.subspan(done));
        if (!fed) {
            fail(fed.error());
            break;
        }
        done += fed->consumed;
        const bool first = phase_ == Phase::greeting || is_unknown();
        if (fed->record || !first)
            touch();
        if (fed->record)
            handle(*fed->record);
        complete_if_whole();
        if (out_of_time() && phase_ != Phase::over && done < bytes.size()) {
            kept_back_ = true;
            return done;
        }
    }
    return bytes.size();
}

void TargetSession::handle(const Record& record) {
    progress_.bytes = bytes_before_ + reader_.bytes() + channels_.bytes();
    // Who comes while a partition waits for its source has to be that.
    if (phase_ == Phase::post_copying && reader_.records() == 1 && record.type != RecordType::again)
        return refuse(
            failure(MoveError::busy, "{} waits for the rest of its memory: try again when it is here", shape_.name()));
    switch (record.type) {
    case RecordType::hello:
        return handle_hello(record);
    case RecordType::ping:
        return handle_ping(record);
    case RecordType::definition:
        return handle_definition(record);
    case RecordType::partition:
        return handle_partition(record);
    case RecordType::page:
    case RecordType::packed_page:
    case RecordType::page_delta:
        return handle_page(record);
    case RecordType::zero_pages:
        return handle_zero_pages(record);
    case RecordType::page_table:
        return handle_page_table(record);
    case RecordType::vcpu:
    case RecordType::areas:
    case RecordType::interrupts:
    case RecordType::terminal:
        return handle_state(record);
    case RecordType::clock:
        return handle_clock(record);
    case RecordType::end:
        return handle_end(record);
    case RecordType::run:
        return handle_run(record);
    case RecordType::owed:
        return handle_owed(record);
    case RecordType::all_sent:
        return handle_all_sent(record);
    case RecordType::again:
        return handle_again(record);
    case RecordType::failure:
        return handle_failure(record);
    case RecordType::working:
        if (phase_ < Phase::timing || phase_ == Phase::held || phase_ == Phase::over)
            return out_of_order(record);
        if (!record.payload.empty())
            return wrong_length(record);
        return;
    default:
        if (phase_ == Phase::greeting || record.mandatory)
            fail(failure(MoveError::unknown_record, "the source sent a record of type {}",
                         static_cast<unsigned>(record.type)));
    }
}

void TargetSession::handle_hello(const Record& record) {
    if (phase_ != Phase::greeting)
        return out_of_order(record);
    channels_.end(); // of the last move
    channels_.forget_bytes();
    totals_ = {};
    progress_ = {};
    progress_.role = Role::target;
    progress_.connections = 1;
    progress_.state = MoveState::connecting;
    progress_.began_at = control_.now();
    progress_.peer = stream_->peer();
    progress_.bytes = reader_.bytes();
    const auto shape = check_hello(record.payload, facts_);
    if (!shape)
        return fail(shape.error());
    shape_ = *shape;
    progress_.partition_storage = shape_.name_storage;
    progress_.pages_total = shape_.granules();
    progress_.sections_total = hpt::sections_of(std::uint64_t{1} << (shape_.table_log2 - papr::log2_entry_size));
    const auto arrival = control_.create(shape_);
    if (!arrival)
        return fail(arrival.error());
    arrival_ = *arrival;
    invariant(arrival_.digests.size() >= shape_.granules() && arrival_.pages->pages() == shape_.granules(),
              "the arriving partition's tables are for another one");
    phase_ = Phase::preparing;
    last_said_ = control_.now();
    log("migration: {} arrives", shape_.name());
    prepare(Limits(facts_.timebase_frequency).receive);
}

/// Scrubs what the partition gets; the source hears that it may begin when that is done.
void TargetSession::prepare(std::uint64_t budget) {
    const auto done = control_.prepare(*arrival_.partition, shape_.post_copy, budget);
    touch();
    if (!done)
        return fail(done.error());
    if (!*done)
        return;
    progress_.agreed_at = control_.now();
    phase_ = Phase::timing;
    move_ = progress_.agreed_at;
    writer_.write(RecordType::hello_reply,
                  HelloReplyRecord{.channels = TargetChannels::capacity,
                                   .move = move_,
                                   .definition = arrival_.definition.empty() ? 0 : definition_wanted,
                                   .zero = {}});
    flush();
}

void TargetSession::handle_ping(const Record& record) {
    const auto ping = record.as<PingRecord>();
    if (phase_ != Phase::timing)
        return out_of_order(record);
    if (!ping)
        return wrong_length(record);
    writer_.write(RecordType::pong, PongRecord{ping->source_ticks, control_.now()});
    flush();
}

void TargetSession::handle_partition(const Record& record) {
    if (phase_ != Phase::timing && phase_ != Phase::pre_copying)
        return out_of_order(record);
    if (const auto decoded = decode_partition(record.payload, *arrival_.partition); !decoded)
        return fail(decoded.error());
    arrival_.partition->clock.frequency = facts_.timebase_frequency;
    phase_ = Phase::receiving;
    last_said_ = control_.now();
    progress_.state = MoveState::copying;
}

void TargetSession::handle_run(const Record& record) {
    if (phase_ != Phase::held)
        return out_of_order(record);
    if (!record.payload.empty())
        return wrong_length(record);
    partition::Partition& partition = *arrival_.partition;
    const std::uint64_t now = control_.now();
    const std::uint64_t stopped_here = clock_->stopped_at + clock_->difference; // the stop by our time base
    partition.timebase_offset =
        offset_at_target(clock_->offset, clock_->difference, now, clock_->stopped_at + clock_->offset);
    // From here on it is ours, whatever becomes of the connection.
    outcomes_.note(move(), source_key_, MoveOutcome::ran, now);
    progress_.stopped_at = stopped_here;
    progress_.started_at = now;
    if (arrival_.pages->pages_left() != 0) {
        phase_ = Phase::post_copying;
        progress_.state = MoveState::post_copying;
        progress_.pages_left = arrival_.pages->pages_left();
        arrival_.pages->resume();
        waits_ = {};
        known_ = true;
        control_.start_early(partition, *arrival_.pages);
        log("migration: {} runs here, and {} pages of it are to come", shape_.name(), progress_.pages_left);
    } else {
        be_over();
        progress_.ended_at = now;
        progress_.state = MoveState::completed;
        control_.start(partition);
        channels_.end();
        log("migration: {} runs here", shape_.name());
    }
    writer_.write(RecordType::running, RunningRecord{now, partition.timebase_offset, now - stopped_here, {}});
    flush();
}

} // namespace transom::migrate
