// SPDX-License-Identifier: Apache-2.0
#include "end_connection.hpp"
#include "lost_connection.hpp"
#include <algorithm>
#include <transom/base/log.hpp>
#include <transom/migrate/source_session.hpp>

// The rest of the memory of a partition that runs at the target already: what is asked for first, and what becomes of it when the
// connection breaks.

namespace transom::migrate {

/// Words of 64 pages between two looks at the time.
constexpr std::uint64_t owed_turn = 16;

/// A part of what the target does not have, as much as there is time for. The rest has to be there when it hears so.
bool SourceSession::produce_owed() {
    if (!channels_.all_received())
        return false;
    const std::uint64_t total = order_.pages->table().pages();
    const std::uint64_t most = (std::min(max_owed, total - cursor_) + 63) / 64;
    const auto payload = writer_.payload();
    std::uint64_t words = 0;
    do {
        store_be(payload.data() + sizeof(OwedRecord) + words * sizeof(Be64),
                 order_.pages->table().owed(cursor_ / 64 + words));
        ++words;
    } while (words < most && (words % owed_turn != 0 || !out_of_time()));
    const std::uint64_t count = std::min(words * 64, total - cursor_);
    const OwedRecord owed{cursor_, count, order_.pages->last_copy()};
    std::memcpy(payload.data(), &owed, sizeof owed);
    writer_.finish(RecordType::owed, sizeof owed + words * sizeof(Be64));
    cursor_ += count;
    if (cursor_ == total) {
        cursor_ = 0;
        enter(Phase::table);
    }
    return true;
}

/// A record at most. What somebody waits for comes first, and goes out at once.
bool SourceSession::produce_rest() {
    progress_.pages_left = order_.pages->table().pages_left();
    if (!page_ && zero_count_ != 0 && (demanded_now_ || out_of_time())) {
        demanded_now_ = false;
        put_zero_run();
        return true;
    }
    if (page_) {
        const bool urgent = demanded_now_ || demanded_next_ < demanded_.size(); // what is demanded goes behind it
        if (!urgent && (!has_room_for_page() || is_ahead()))
            return false;
        send(*page_);
        return true;
    }
    demanded_now_ = demanded_next_ < demanded_.size();
    if (demanded_now_) {
        const Copy copy = demanded_[demanded_next_++];
        if (demanded_next_ == demanded_.size())
            clear_demanded();
        send(copy);
        return true;
    }
    if (!has_room_for_page() || is_ahead())
        return false;
    const SourcePages::Next next = order_.pages->next(now());
    switch (next.step) {
    case Choice::Step::send:
        send({next.page.value, next.order});
        return true;
    case Choice::Step::over:
        if (zero_count_ != 0) {
            put_zero_run();
        } else if (!channels_.all_received()) {
            return false;
        } else if (order_.pages->table().pages_left() != 0) {
            order_.pages->begin_stop(); // a channel has broken
        } else {
            writer_.write_bytes(RecordType::all_sent, {});
            enter(Phase::emptied);
        }
        return true;
    default:
        return true;
    }
}

void SourceSession::handle_demand(const Record& record) {
    if (phase_ != Phase::fetching && phase_ != Phase::emptied)
        return unexpected_record(record);
    const std::size_t count = record.payload.size() / sizeof(Be64);
    if (count == 0 || count > max_demand || record.payload.size() % sizeof(Be64) != 0)
        return unexpected_record(record);
    for (std::size_t i = 0; i < count; ++i) {
        const PageIndex page{load_be<std::uint64_t>(record.payload.data() + i * sizeof(Be64))};
        if (demanded_.full()) // it comes in its turn
            return;
        // What is there, or on its way, is not sent again; what waits in a run of zeros goes.
        // What waits on a channel does not wait there for the others: it goes once more, and who comes second is dropped.
        const bool again = channels_.carries(page);
        const auto copy = again ? std::optional(order_.pages->once_more()) : order_.pages->demand(page);
        if (!copy) {
            demanded_now_ = demanded_now_ || page.value - zero_first_ < zero_count_;
            continue;
        }
        static_cast<void>(demanded_.push_back({page.value, *copy, again}));
        ++progress_.pages_demanded;
    }
}

/// It may have everything before it has heard so, where nothing more is needed of a partition that has ended.
void SourceSession::handle_all_here(const Record& record) {
    if (phase_ != Phase::fetching && phase_ != Phase::emptied && phase_ != Phase::comparing)
        return unexpected_record(record);
    ran_there_ = true;
    complete();
}

/// About once a second, until the target is there again or an operator says that it will not be.
void SourceSession::reconnect() {
    if (static_cast<std::int64_t>(now() - retry_at_) < 0)
        return;
    retry_at_ = now() + facts_.timebase_frequency;
    writer_.reset();
    reader_.reset();
    encoder_.forget_all(); // who knows what has arrived
    const auto stream = network_->connect(order_.target, order_.port, *this);
    if (!stream) { // for now
        note_missing(failure(MoveError::no_connection, "{}", describe(stream.error())));
        asked_now_ = false;
        return;
    }
    stream_ = *stream;
    enter(Phase::reconnecting);
}

/// Nothing of it is in the stream that counts from now on.
void SourceSession::forget_what_is_on_its_way() {
    if (page_ && !page_->again)
        order_.pages->give_back({page_->index});
    page_.reset();
    for (; demanded_next_ < demanded_.size(); ++demanded_next_)
        if (const Copy& copy = demanded_[demanded_next_]; !copy.again)
            order_.pages->give_back({copy.index});
    clear_demanded();
    demanded_now_ = false;
    zero_count_ = 0;
}

/// What the target lacks, said on a new connection.
void SourceSession::handle_owed(const Record& record) {
    const auto owed = record.as<OwedRecord>(false);
    const std::uint64_t total = order_.pages->table().pages();
    if (phase_ != Phase::comparing || !owed || owed->first != cursor_ || owed->count == 0 ||
        owed->count > total - cursor_ || (owed->count % 64 != 0 && owed->count != total - cursor_) ||
        record.payload.size() != sizeof *owed + (owed->count + 63) / 64 * sizeof(Be64))
        return unexpected_record(record);
    touch();
    ran_there_ = true;
    if (cursor_ == 0)
        forget_what_is_on_its_way();
    for (std::uint64_t i = 0; i < owed->count; ++i)
        if ((load_be<std::uint64_t>(record.payload.data() + sizeof *owed + i / 64 * sizeof(Be64)) >> i % 64 & 1) != 0)
            order_.pages->owe_again({cursor_ + i});
    cursor_ += owed->count;
    if (cursor_ != total)
        return;
    log("migration: connected again; the target lacks {} pages of {}", order_.pages->table().pages_left(),
        progress_.partition());
    progress_.failure = {};
    asked_now_ = false;
    order_.pages->begin_stop();
    begin_channels();
    enter(Phase::fetching);
}

} // namespace transom::migrate
