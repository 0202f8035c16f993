// SPDX-License-Identifier: Apache-2.0
#include "end_connection.hpp"
#include <transom/base/log.hpp>
#include <transom/base/panic.hpp>
#include <transom/migrate/target_channel.hpp>
#include <utility>

namespace transom::migrate {

void TargetChannel::accept(ChannelUser& user, net::ByteStream& stream, std::uint64_t budget) {
    invariant(free(), "a channel is taken twice");
    user_ = &user;
    stream_ = &stream;
    budget_ = budget;
    came_at_ = user.channel_now();
    reader_.reset();
    writer_.reset();
    joined_ = kept_back_ = false;
    told_ = 0;
}

void TargetChannel::end() {
    end_connection(stream_, false);
    over();
}

/// Nothing of the partition is to be found in the buffer once it is over.
void TargetChannel::over() {
    stream_ = nullptr;
    bytes_before_ = bytes();
    if (std::exchange(joined_, false))
        reader_.erase();
    kept_back_ = false;
}

bool TargetChannel::step(std::uint64_t limit) {
    if (free())
        return false;
    if (!joined_ && user_->channel_now() - came_at_ >= limit) {
        end();
        return false;
    }
    say_received();
    const bool more = std::exchange(kept_back_, false);
    if (more)
        stream_->resume_receive();
    return more;
}

std::size_t TargetChannel::received(std::span<const std::byte> bytes) {
    const std::uint64_t began = user_->channel_now();
    std::size_t done = 0;
    while (done < bytes.size() && !free()) {
        if (done != 0 && user_->channel_now() - began >= budget_) {
            kept_back_ = true;
            break;
        }
        const auto fed = reader_.feed(bytes.subspan(done));
        if (!fed) {
            give_up(fed.error());
            return bytes.size();
        }
        done += fed->consumed;
        if (fed->record)
            handle(*fed->record);
    }
    if (joined_) {
        say_received();
        user_->pages_taken();
    }
    return free() ? bytes.size() : done;
}

void TargetChannel::handle(const Record& record) {
    if (!joined_) {
        const auto join = record.as<JoinRecord>();
        joined_ = record.type == RecordType::join && join && user_->is_joined_by(*join, *stream_);
        if (!joined_)
            give_up(failure(MoveError::busy, "another partition is arriving: try again when it is here"));
        return;
    }
    if (record.type != RecordType::page && record.type != RecordType::packed_page &&
        record.type != RecordType::page_delta)
        return give_up(failure(MoveError::record_order, "a record of type {} came by a channel, which is for pages",
                               static_cast<unsigned>(record.type)));
    if (const auto wrong = user_->take_page(record))
        give_up(*wrong);
}

/// The source learns it at least once for each piece that was worked off.
void TargetChannel::say_received() {
    if (!joined_ || !writer_.flush(*stream_) || told_ == reader_.records())
        return;
    told_ = reader_.records();
    writer_.write(RecordType::received, ReceivedRecord{told_});
    writer_.flush(*stream_);
}

void TargetChannel::give_up(const Failure& why) {
    if (joined_)
        log("migration: a channel is given up: {}: {}", name(why.error), why.text());
    end_connection(stream_, writer_, why, true);
    over();
}

} // namespace transom::migrate
