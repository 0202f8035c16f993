// SPDX-License-Identifier: Apache-2.0
#include "end_connection.hpp"
#include "failure_record.hpp"
#include <transom/base/log.hpp>
#include <transom/base/panic.hpp>
#include <transom/migrate/source_channel.hpp>

namespace transom::migrate {

bool SourceChannel::connect(const ChannelRoute& route) {
    invariant(stream_ == nullptr && count_ == 0, "a channel is connected twice");
    bytes_before_ = bytes();
    writer_.reset();
    reader_.reset();
    route_ = route;
    confirmed_ = 0;
    heard_ = true;
    const auto stream = route.network->connect(route.target, route.port, *this);
    if (!stream)
        return false;
    stream_ = *stream;
    return true;
}

void SourceChannel::end(bool in_order) {
    end_connection(stream_, in_order && !writer_.pending());
    over();
}

/// Nothing of the partition is to be found in the buffer once it is over.
void SourceChannel::over() {
    stream_ = nullptr;
    open_ = false;
    bytes_before_ = bytes();
    writer_.reset();
    writer_.erase();
}

void SourceChannel::put(PageIndex page) {
    unconfirmed_[(first_ + count_) % window] = page;
    if (count_++ == 0)
        heard_ = true; // it waits from now on
    flush();
}

bool SourceChannel::carries(PageIndex page) const {
    for (std::size_t i = 0; i < count_; ++i)
        if (unconfirmed_[(first_ + i) % window] == page)
            return true;
    return false;
}

bool SourceChannel::take_lost(PageIndex& page) {
    invariant(stream_ == nullptr, "pages of a channel that is there are taken for lost");
    if (count_ == 0)
        return false;
    page = unconfirmed_[first_];
    first_ = (first_ + 1) % window;
    --count_;
    return true;
}

void SourceChannel::flush() {
    if (open_)
        writer_.flush(*stream_);
}

std::uint64_t SourceChannel::silent_for(std::uint64_t now) {
    const bool waits = connecting() || count_ != 0;
    if (std::exchange(heard_, false) || !waits)
        heard_at_ = now;
    return now - heard_at_;
}

void SourceChannel::forget_bytes() {
    writer_.reset();
    bytes_before_ = 0;
}

void SourceChannel::connected() {
    if (stream_->peer_key() != route_.key) {
        log("migration: a channel is given up: another machine answers at the target's address");
        return end(false);
    }
    open_ = opened_ = heard_ = true;
    writer_.write(RecordType::join, route_.join);
    flush();
}

std::size_t SourceChannel::received(std::span<const std::byte> bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto fed = reader_.feed(bytes.subspan(done));
        if (!fed) {
            log("migration: a channel is given up: {}", fed.error().text());
            end(false);
            break;
        }
        done += fed->consumed;
        if (!fed->record)
            break;
        const auto said = fed->record->as<ReceivedRecord>();
        // More than before, and not more than was sent; `join` is the first.
        if (fed->record->type != RecordType::received || !said || said->records <= confirmed_ ||
            said->records > writer_.records()) {
            if (const auto why = fed->record->as<FailureRecord>(); why && fed->record->type == RecordType::failure)
                log("migration: the target does not take a channel: {}", from_record(*why).text());
            else
                log("migration: a channel is given up: the target's answer is not what was sent");
            end(false);
            break;
        }
        heard_ = true;
        // Before a page of the first records there was `join`.
        const std::uint64_t pages = said->records - confirmed_ - (confirmed_ == 0 ? 1 : 0);
        confirmed_ = said->records;
        first_ = (first_ + pages) % window;
        count_ -= pages;
    }
    return bytes.size();
}

void SourceChannel::closed(net::CloseReason) { over(); }

} // namespace transom::migrate
