// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/real_memory.hpp>
#include <array>
#include <cstring>
#include <transom/base/log.hpp>
#include <transom/base/panic.hpp>
#include <transom/migrate/partition_state.hpp>
#include <transom/migrate/source_session.hpp>

// The partition's memory on its way: what a page becomes in the stream, and what is left when the partition stands still.

namespace transom::migrate {

namespace {

bool all_zero(std::span<const std::byte> granule) {
    std::uint64_t any = 0;
    for (std::size_t i = 0; i < granule.size(); i += 4 * sizeof any) {
        std::array<std::uint64_t, 4> words;
        std::memcpy(words.data(), granule.data() + i, sizeof words);
        any |= words[0] | words[1] | words[2] | words[3];
        if (any != 0)
            return false;
    }
    return true;
}

} // namespace

std::span<const std::byte> granule_of(const partition::Partition& partition, std::uint64_t index) {
    // A block holds whole granules, so a granule is in one piece.
    const auto real = partition.memory.translate({index * partition.granule}, partition.granule);
    invariant(real.has_value(), "a granule outside the partition's memory");
    return {arch::real_pointer(*real), partition.granule};
}

void SourceSession::begin_suspended() {
    progress_.stopped_at = now();
    progress_.state = MoveState::copying;
    cursor_ = 0;
    order_.pages->begin_stop();
    post_copy_ = post_copy_ && order_.pages->table().pages_left() != 0; // else there is nothing to fetch
    table_.begin_stop();
    writer_.finish(RecordType::partition, encode_partition(*order_.partition, writer_.payload()));
    enter(post_copy_ ? Phase::owed : Phase::pages);
}

/// A record at most. Up to a record's worth of what is left. Consecutive zero granules become one record.
bool SourceSession::produce_pages() {
    while (!writer_.pending()) {
        if (!has_room_for_page())
            return false;
        if (page_) {
            send(*page_);
            continue;
        }
        const SourcePages::Next next = order_.pages->next(now());
        if (next.step == Choice::Step::send) {
            send({next.page.value, next.order});
        } else if (next.step == Choice::Step::over) {
            put_zero_run();
            enter(state_sent_ ? Phase::settling : Phase::table);
            return true;
        }
        if (channels_.any() && out_of_time())
            return true;
    }
    return true;
}

/// Puts a page that is claimed into the stream. It stays in page_ where a zero run has to go first.
void SourceSession::send(Copy copy) {
    const std::uint64_t index = copy.index;
    page_.reset();
    const auto granule = granule_of(*order_.partition, index);
    const bool zero = order_.corrupt_page != index && all_zero(granule);
    const bool joins = zero && zero_count_ != 0 && index == zero_first_ + zero_count_;
    if (zero_count_ != 0 && !joins) {
        put_zero_run();
        page_ = copy;
        return;
    }
    if (zero) {
        encoder_.forget(index);
        if (zero_count_++ == 0) {
            zero_first_ = index;
            zero_order_ = copy.order;
        }
        // What a step has found goes out with it: the target hears of us, digests the run meanwhile, and is never further behind than its
        // receive window.
        if (zero_count_ % 64 == 0 && out_of_time())
            put_zero_run();
    } else {
        put_page(copy, granule);
    }
    if (!copy.again)
        order_.pages->sent({index}, !zero);
    const std::uint64_t ever = progress_.pages_total - order_.pages->table().count(PageStatus::fresh);
    const std::uint64_t sent = progress_.pages + progress_.zero_pages + zero_count_;
    progress_.pages_resent = sent - std::min(sent, ever); // a large page may have made one stale that never went
}

/// Where its last copy went, if it can: of that a page may go as what has changed.
SourceChannel* SourceSession::channel_for(std::uint64_t index) {
    const auto lane = encoder_.lane_of(index);
    return channels_.ready(lane && *lane != 0 ? std::optional(*lane - 1) : std::nullopt);
}

/// By a channel, if there are any; but what somebody waits for overtakes what is on its way there.
void SourceSession::put_page(Copy copy, std::span<const std::byte> granule) {
    SourceChannel* const channel = demanded_now_ ? nullptr : channel_for(copy.index);
    RecordWriter& writer = channel != nullptr ? channel->writer() : writer_;
    const auto payload = writer.payload();
    const PageRecord page{copy.index, copy.order};
    std::memcpy(payload.data(), &page, sizeof page);
    std::memcpy(payload.data() + sizeof(PageRecord), granule.data(), granule.size());
    if (order_.corrupt_page == copy.index)
        payload[sizeof(PageRecord) + granule.size() / 2] ^= std::byte{0x10};
    const std::uint64_t began = now();
    const std::uint32_t lane = channel != nullptr ? 1 + channels_.number_of(*channel) : 0;
    const bool again = order_.pages->table().state({copy.index}).heat() != 0;
    const auto encoded = encoder_.encode(payload.first(sizeof(PageRecord) + granule.size()), lane, again);
    progress_.encode_ticks += now() - began;
    writer.finish(encoded.type, encoded.size);
    if (channel != nullptr)
        give(*channel, copy);
    else
        totals_.pages = totals_.pages + 1;
    ++progress_.pages;
    progress_.pages_compressed += encoded.type == RecordType::packed_page ? 1 : 0;
    progress_.pages_delta += encoded.type == RecordType::page_delta ? 1 : 0;
    progress_.bytes_saved += sizeof(PageRecord) + granule.size() - encoded.size;
}

void SourceSession::give(SourceChannel& channel, const Copy& copy) {
    const std::uint64_t began = now();
    channel.put({copy.index});
    progress_.send_ticks += now() - began;
}

/// Pages wait for room on a channel where there are any: this connection is for what must not wait behind them.
bool SourceSession::has_room_for_page() { return !writer_.pending() && (!channels_.any() || channels_.has_room()); }

/// Of what it may send in a second while the partition runs; the target hears of us all the same.
bool SourceSession::is_ahead() {
    if (pacer_.may_send(now(), progress_.bytes))
        return false;
    say_working();
    return true;
}

void SourceSession::begin_channels() {
    const unsigned wanted = std::min(order_.connections - 1, channels_most_);
    channels_.begin({.network = network_,
                     .target = order_.target,
                     .port = order_.port,
                     .key = target_key_,
                     .join = {.name = progress_.partition_storage, .move = move_, .zero = {}}},
                    wanted, *order_.pages);
}

/// Everything but `end` is sent. What went by a channel that has broken goes again before it.
bool SourceSession::produce_settled() {
    if (!channels_.all_received())
        return false;
    if (!post_copy_ && order_.pages->table().pages_left() != 0) {
        order_.pages->begin_stop();
        enter(Phase::pages);
        return true;
    }
    if (!post_copy_)
        channels_.end(true);
    enter(Phase::end);
    return true;
}

void SourceSession::put_zero_run() {
    if (zero_count_ == 0)
        return;
    writer_.write(RecordType::zero_pages, ZeroPagesRecord{zero_first_, zero_count_, zero_order_});
    progress_.zero_pages += zero_count_;
    totals_.zero_pages = totals_.zero_pages + zero_count_;
    zero_count_ = 0;
}

} // namespace transom::migrate
