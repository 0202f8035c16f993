// SPDX-License-Identifier: Apache-2.0
#include "lost_connection.hpp"
#include <cstring>
#include <transom/base/log.hpp>
#include <transom/base/panic.hpp>
#include <transom/migrate/limits.hpp>
#include <transom/migrate/source_session.hpp>
#include <utility>

// The conversation of the source: connecting, and what the target answers. What is sent in between is in source_records.cpp, and how it
// ends in source_end.cpp.

namespace transom::migrate {

SourceSession::SourceSession(SourceControl& control, const MachineFacts& facts, std::span<std::byte> send_buffer)
    : control_(control), facts_(facts), writer_(send_buffer), reader_(receive_buffer_) {
    invariant(send_buffer.size() >= max_record, "the source's send buffer is too small");
}

std::expected<void, Failure> SourceSession::check(const MoveOrder& order) const {
    if (progress_.in_progress())
        return std::unexpected(
            failure(MoveError::busy, "{} is being moved: wait for the end or cancel it", progress_.partition()));
    const partition::Partition& partition = *order.partition;
    if (partition.state != partition::PartitionState::running)
        return std::unexpected(failure(MoveError::not_running, "{} is not running", partition.name()));
    const PartitionShape shape = shape_of(partition);
    if (auto possible = check_shape(shape); !possible)
        return possible;
    if (order.corrupt_page && *order.corrupt_page >= shape.granules())
        return std::unexpected(failure(MoveError::page_range, "{} has no page {}: the last is {}", partition.name(),
                                       *order.corrupt_page, shape.granules() - 1));
    return {};
}

std::expected<void, Failure> SourceSession::start(net::Network& network, const MoveOrder& order) {
    if (auto possible = check(order); !possible)
        return possible;
    const partition::Partition& partition = *order.partition;
    const PartitionShape shape = shape_of(partition);
    invariant(order.pages != nullptr, "a move without the table of its pages");

    progress_ = {};
    progress_.role = Role::source;
    progress_.partition_storage = shape.name_storage;
    progress_.peer = order.target;
    progress_.pages_total = shape.granules();
    progress_.sections_total = hpt::sections_of(partition.hpt.slot_count());
    progress_.began_at = now();
    order_ = order;
    writer_.reset();
    reader_.reset();
    encoder_.begin(shape.granule, order.copies);
    handed_ = false;
    pings_ = 0;
    ping_out_.reset();
    clock_ = {};
    pacer_ = Pacer(order.bandwidth, facts_.timebase_frequency, now());
    cursor_ = 0;
    zero_count_ = 0;
    watching_ = in_round_ = false;
    watch_ticks_ = 0;
    table_.begin(*order.partition);
    page_.reset();
    post_copy_ = order.mode == MoveMode::post_copy;
    ran_there_ = false;
    clear_demanded();
    demanded_now_ = false;
    state_sent_ = false;
    totals_ = {};
    channels_.reset();
    network_ = &network;
    bytes_before_ = 0;
    enter(Phase::connecting);
    progress_.state = MoveState::connecting;
    const auto stream = network.connect(order.target, order.port, *this);
    if (!stream) {
        be_over();
        progress_.state = MoveState::failed;
        progress_.failure = failure(MoveError::no_connection, "this machine can not connect to the target: {}",
                                    describe(stream.error()));
        return std::unexpected(progress_.failure);
    }
    stream_ = *stream;
    has_records_ = true;
    log("migration: moving {}", partition.name());
    return {};
}

void SourceSession::enter(Phase phase) {
    phase_ = phase;
    touch();
    get_on();
}

void SourceSession::connected() {
    if (phase_ == Phase::over)
        return;
    if (phase_ == Phase::reconnecting) {
        if (stream_->peer_key() != target_key_)
            return fail(failure(MoveError::other_machine, "another machine answers at the target's address"), false);
        writer_.write(RecordType::again, move());
        cursor_ = 0;
        enter(Phase::comparing);
    } else {
        target_key_ = stream_->peer_key();
        PartitionShape shape = shape_of(*order_.partition);
        shape.definition = order_.definition.shape;
        shape.post_copy = order_.mode == MoveMode::post_copy || order_.mode == MoveMode::hybrid;
        writer_.write(RecordType::hello, make_hello(facts_, shape, order_.fit));
        enter(Phase::greeting);
    }
    flush();
}

bool SourceSession::flush() {
    while (writer_.pending() && stream_ != nullptr) {
        // From the first byte on the target may have `run`: that is noted before the byte can be gone.
        const bool before = handed_;
        handed_ = handed_ || phase_ == Phase::handing;
        const std::uint64_t began = now();
        const std::size_t taken = writer_.flush_some(*stream_);
        progress_.send_ticks += now() - began;
        if (taken == 0) {
            handed_ = before;
            return false;
        }
        touch();
    }
    progress_.bytes = bytes_before_ + writer_.bytes() - writer_.waiting().size() + channels_.bytes();
    return !writer_.pending();
}

/// Of the partition nothing is to be found in our buffers once it has left, or has not.
void SourceSession::erase_records() {
    if (stream_ != nullptr || !std::exchange(has_records_, false))
        return;
    reader_.erase();
    writer_.erase();
    encoder_.end();
}

bool SourceSession::step(std::uint64_t budget) {
    if (phase_ == Phase::idle || phase_ == Phase::leaving || phase_ == Phase::over) {
        erase_records();
        return false;
    }
    deadline_ = now() + budget;
    if (phase_ == Phase::waiting)
        reconnect();
    check_time();
    foresee();
    do {
        if (stream_ == nullptr)
            return false;
        const std::uint64_t began = now();
        channels_.step(began, phase_ >= Phase::owed && phase_ <= Phase::handing);
        progress_.send_ticks += now() - began;
        progress_.connections = std::max(progress_.connections, connections());
        progress_.connections_lost = channels_.lost();
        if (!flush())
            return false;
        if (!produce())
            return false;
    } while (!out_of_time());
    return true;
}

/// Or is about to, and is not the target's yet; where it was to go on running meanwhile.
bool SourceSession::stands_still() const {
    return phase_ >= Phase::suspending && phase_ <= Phase::handing && !handed_ &&
           order_.mode != MoveMode::stop_and_copy;
}

void SourceSession::check_time() {
    if (phase_ == Phase::waiting)
        return;
    const bool first = phase_ == Phase::connecting || phase_ == Phase::greeting || phase_ == Phase::reconnecting;
    const Limits limits(facts_.timebase_frequency);
    if (stands_still() && now() - progress_.stop_asked_at >= limits.stop)
        return fail(failure(MoveError::time_limit, "{} stood still for {} s, and was not at the target yet",
                            progress_.partition(), stop_limit_s));
    if (now() - last_progress_ < (first ? limits.first_record : limits.silence))
        return check_getting_on();
    const std::uint64_t seconds = first ? first_record_limit_s : silence_limit_s;
    if (phase_ == Phase::suspending)
        fail(failure(MoveError::time_limit, "the partition did not stop within {} s", seconds));
    else
        fail(failure(MoveError::time_limit, "the target was silent for {} s: is it a Transom?", seconds));
}

/// Of the partition's definition, memory and page table, each time.
Bytes SourceSession::gone() const {
    return (progress_.pages + progress_.zero_pages + zero_count_) * order_.partition->granule +
           (progress_.sections * hpt::slots_per_section << papr::log2_entry_size) + progress_.definition_bytes;
}

/// Whoever says that he lives and works, we or the target, has to get on before the partition is stopped.
void SourceSession::check_getting_on() {
    if (phase_ > Phase::passes)
        return;
    const Limits limits(facts_.timebase_frequency);
    const bool scrubs = phase_ == Phase::greeting;
    const std::uint64_t more = scrubs ? order_.partition->memory.size() / scrubbed_in_a_second : 0;
    if (!getting_on_.is_stuck(now(), gone(), limits.stuck + more * facts_.timebase_frequency))
        return;
    const std::string_view what = scrubs                    ? "the target did not become ready for it"
                                  : phase_ == Phase::timing ? "the target did not answer our pings"
                                  : phase_ == Phase::tracking
                                      ? "its processors did not go over to a second page table"
                                      : "less than 1 MiB of its memory went, and the sweep did nothing";
    fail(failure(MoveError::time_limit, "{} did not get on: {} within {} s", progress_.partition(), what,
                 stuck_limit_s + more));
}

/// Ten times a second.
void SourceSession::foresee() {
    if (now() - foreseen_at_ < facts_.timebase_frequency / 10)
        return;
    foreseen_at_ = now();
    auto& estimate = progress_.estimate;
    estimate =
        stream_ != nullptr ? order_.pages->estimate(now()) : std::nullopt; // when there will be one again nobody knows
    const bool stopped = progress_.state == MoveState::copying || progress_.state == MoveState::confirming;
    if (!estimate || !stopped)
        return;
    if (post_copy_)
        estimate->downtime_ms = estimate->final_pages = 0;
    estimate->downtime_ms += (now() - progress_.stopped_at) * 1000 / facts_.timebase_frequency;
}

std::size_t SourceSession::received(std::span<const std::byte> bytes) {
    std::size_t done = 0;
    while (done < bytes.size() && phase_ != Phase::over && stream_ != nullptr) {
        const auto fed = reader_.feed(bytes.subspan(done));
        if (!fed) {
            fail(fed.error());
            break;
        }
        // The first record must be whole in time, and so must what decides who has it: that counts when it is there.
        const bool decides = phase_ == Phase::handing || phase_ == Phase::comparing;
        if (!decides && (fed->record || phase_ != Phase::greeting))
            touch();
        done += fed->consumed;
        if (fed->record)
            handle(*fed->record);
    }
    return bytes.size();
}

void SourceSession::handle(const Record& record) {
    switch (record.type) {
    case RecordType::hello_reply:
        return handle_reply(record);
    case RecordType::pong:
        return handle_pong(record);
    case RecordType::held:
        return handle_held(record);
    case RecordType::running:
        return handle_running(record);
    case RecordType::demand:
        return handle_demand(record);
    case RecordType::owed:
        return handle_owed(record);
    case RecordType::all_here:
        return handle_all_here(record);
    case RecordType::failure:
        return handle_failure(record);
    default:
        if (record.mandatory)
            fail(failure(MoveError::unknown_record, "the target sent a record of type {}",
                         static_cast<unsigned>(record.type)));
    }
}

void SourceSession::unexpected_record(const Record& record) {
    fail(failure(MoveError::record_order, "the target sent a sound record of type {} that does not belong here",
                 static_cast<unsigned>(record.type)));
}

void SourceSession::handle_reply(const Record& record) {
    const auto reply = record.as<HelloReplyRecord>();
    if (phase_ != Phase::greeting || !reply)
        return unexpected_record(record);
    if (reply->version != format_version)
        return fail(failure(MoveError::format_version, "format-version differs: {} at the source, {} at the target",
                            format_version, std::uint32_t{reply->version}));
    progress_.agreed_at = now();
    if (order_.check_only)
        return end_check();
    if (reply->zero != 0 || (reply->definition & ~definition_wanted) != 0)
        return fail(failure(MoveError::record_content, "hello_reply: a field that must be zero is not"));
    target_defines_ = order_.definition.shape.size != 0 && reply->definition == definition_wanted;
    move_ = reply->move;
    channels_most_ = reply->channels;
    enter(Phase::timing);
}

void SourceSession::handle_pong(const Record& record) {
    const std::uint64_t back = now();
    const auto pong = record.as<PongRecord>();
    if (phase_ != Phase::timing || !pong || !ping_out_ || pong->source_ticks != *ping_out_)
        return unexpected_record(record);
    clock_.add(difference_of(*ping_out_, pong->target_ticks, back));
    ping_out_.reset();
    if (++pings_ < round_trips)
        return;
    progress_.clock_error = clock_.best()->error;
    cursor_ = 0;
    definition_digest_ = {};
    if (target_defines_)
        return enter(Phase::defining);
    begin_copying();
}

void SourceSession::begin_copying() {
    begin_channels();
    if (is_tracked(order_.mode))
        return enter(Phase::tracking);
    progress_.stop_asked_at = now();
    enter(Phase::suspending);
}

void SourceSession::handle_held(const Record& record) {
    const auto held = record.as<TotalsRecord>();
    if (phase_ != Phase::confirming || writer_.pending() || !held)
        return unexpected_record(record);
    if (std::memcmp(&*held, &totals_, sizeof totals_) != 0)
        return fail(failure(MoveError::totals, "the target has {} granules and {} table entries, we sent {} and {}",
                            held->pages + held->zero_pages, std::uint64_t{held->table_entries},
                            totals_.pages + totals_.zero_pages, std::uint64_t{totals_.table_entries}));
    progress_.held_at = now();
    writer_.write_bytes(RecordType::run, {});
    enter(Phase::handing);
    flush();
}

void SourceSession::handle_running(const Record& record) {
    const auto running = record.as<RunningRecord>();
    if (phase_ != Phase::handing || !handed_ || writer_.pending() || !running)
        return unexpected_record(record);
    progress_.started_at = running->started_at - clock_.best()->ticks;
    if (progress_.predicted_stop != 0)
        log("migration of {}: it stood still for {} us, and {} us were predicted for its pages and page table",
            progress_.partition(), microseconds(progress_.downtime()), microseconds(progress_.predicted_stop));
    if (!post_copy_)
        return complete();
    progress_.state = MoveState::post_copying;
    progress_.pages_left = order_.pages->table().pages_left();
    log("migration: {} runs at the target; {} pages of it are to be sent", progress_.partition(), progress_.pages_left);
    ran_there_ = true;
    pacer_.skip(progress_.bytes); // while it stood still there was no limit
    enter(Phase::fetching);
}

} // namespace transom::migrate
