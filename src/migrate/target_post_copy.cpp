// SPDX-License-Identifier: Apache-2.0
#include "end_connection.hpp"
#include <algorithm>
#include <transom/base/log.hpp>
#include <transom/migrate/target_session.hpp>

// A partition that runs here before all of its memory has come: what is owed to it, asking for it, and what becomes of it when the
// connection breaks.

namespace transom::migrate {

namespace {

constexpr std::uint64_t first_bits(std::uint64_t count) {
    return count < 64 ? (std::uint64_t{1} << count) - 1 : ~std::uint64_t{0};
}

} // namespace

/// What is not owed has to be here.
void TargetSession::handle_owed(const Record& record) {
    const auto owed = record.as<OwedRecord>(false);
    if (phase_ != Phase::receiving || !shape_.post_copy)
        return out_of_order(record);
    const std::uint64_t total = shape_.granules();
    if (!owed || record.payload.size() != sizeof *owed + (owed->count + 63) / 64 * sizeof(Be64))
        return wrong_length(record);
    if (owed->first != owed_next_ || owed->count == 0 || owed->count > total - owed_next_ ||
        (owed->count % 64 != 0 && owed->count != total - owed_next_))
        return fail(failure(MoveError::page_range, "what is owed of granules {} and {} more, of {}", owed_next_,
                            std::uint64_t{owed->count}, total));
    if (owed->cut > last_order)
        return fail(*check_order(owed->cut));
    for (std::uint64_t i = 0; i < owed->count; ++i) {
        const PageIndex page{owed_next_ + i};
        const auto word = load_be<std::uint64_t>(record.payload.data() + sizeof *owed + i / 64 * sizeof(Be64));
        if ((word >> i % 64 & 1) != 0)
            arrival_.pages->invalidate(page, owed->cut);
        else if (arrival_.pages->status(page) != ArrivalStatus::present)
            return fail(failure(MoveError::incomplete, "granule {} has not come and is not owed", page.value));
    }
    owed_next_ += owed->count;
}

/// Of each page that somebody waits for once.
void TargetSession::ask_for_pages() {
    if (stream_ == nullptr || phase_ != Phase::post_copying || again_ || !known_ || writer_.pending())
        return;
    std::array<Be64, max_demand> wanted;
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < arrival_.partition->vcpu_count && count < wanted.size(); ++i) {
        const std::uint64_t address = arrival_.partition->vcpus[i].awaits;
        if (address != partition::Vcpu::nothing && arrival_.pages->need({address / shape_.granule}) == Need::ask) {
            wanted[count++] = address / shape_.granule;
            waits_.ask({address / shape_.granule}, control_.now());
        }
    }
    if (count == 0)
        return;
    progress_.pages_demanded += count;
    writer_.write_bytes(RecordType::demand, std::as_bytes(std::span(wanted).first(count)));
    flush();
}

void TargetSession::handle_all_sent(const Record& record) {
    if (phase_ != Phase::post_copying || again_)
        return out_of_order(record);
    if (!record.payload.empty())
        return wrong_length(record);
    if (arrival_.pages->pages_left() != 0)
        return fail(failure(MoveError::incomplete, "the source has sent everything, and {} granules have not come",
                            arrival_.pages->pages_left()));
}

/// As soon as it is: whether the source is there to say that it has sent everything makes no difference any more.
void TargetSession::complete_if_whole() {
    const bool can_say_so = stream_ == nullptr || !writer_.pending();
    if (phase_ == Phase::post_copying && zero_left_ == 0 && can_say_so && arrival_.pages->pages_left() == 0)
        complete();
}

/// Nothing more is needed from the source, which may free what it has.
void TargetSession::complete() {
    const bool whole = arrival_.pages->pages_left() == 0;
    partition::Partition& partition = *arrival_.partition;
    be_over();
    progress_.pages_left = 0;
    progress_.state = MoveState::completed;
    progress_.ended_at = control_.now();
    progress_.failure = {};
    outcomes_.note(move(), source_key_, MoveOutcome::ran, progress_.ended_at); // it has not heard of that yet
    log("migration: {} {}", whole ? "all is here of" : "nothing more is needed of", shape_.name());
    control_.complete(partition, whole);
    if (stream_ == nullptr)
        return channels_.end();
    if (!known_) // its source hears of it when it asks
        return end_connection(stream_, false);
    writer_.write_bytes(RecordType::all_here, {});
    flush();
}

void TargetSession::ended(const partition::Partition& partition) {
    if (!completes(partition))
        return;
    if (writer_.pending())
        end_connection(stream_, false); // it comes again, and is told then
    complete();
}

bool TargetSession::names(const AgainRecord& again) const {
    return clock_ && stream_->peer_key() == source_key_ && again.name == shape_.name_storage &&
           again.stopped_at == clock_->stopped_at;
}

/// The source has lost its connection, and has made another. It may not have heard that all is here.
void TargetSession::handle_again(const Record& record) {
    const auto again = record.as<AgainRecord>();
    if (reader_.records() != 1)
        return out_of_order(record);
    if (!again)
        return refuse(failure(MoveError::record_length, "again has {} bytes", record.payload.size()));
    if (phase_ == Phase::post_copying && names(*again)) {
        again_ = known_ = true;
        told_next_ = 0;
        progress_.failure = {};
        // What was asked for by the broken connection may never come.
        for (std::uint32_t i = 0; i < arrival_.partition->vcpu_count; ++i)
            if (const std::uint64_t address = arrival_.partition->vcpus[i].awaits; address != partition::Vcpu::nothing)
                arrival_.pages->forget_request({address / shape_.granule});
        return say_what_is_missing();
    }
    const auto outcome = outcomes_.find(*again, stream_->peer_key());
    if (!outcome)
        return refuse(failure(MoveError::no_such_partition, "no partition of that name waits here for that source"));
    if (*outcome == MoveOutcome::destroyed)
        return refuse(failure(MoveError::discarded, "it has been destroyed here, and has not run"));
    if (phase_ == Phase::greeting)
        phase_ = Phase::over;
    writer_.write_bytes(RecordType::all_here, {});
    flush();
    end_connection(stream_, true);
}

/// After that the source knows what to send.
void TargetSession::say_what_is_missing() {
    if (!again_) // and before the first hello there is no shape to divide by
        return;
    const std::uint64_t total = shape_.granules();
    while (stream_ != nullptr && again_ && !writer_.pending()) {
        const auto payload = writer_.payload();
        const std::uint64_t room = (payload.size() - sizeof(OwedRecord)) / sizeof(Be64) * 64;
        const std::uint64_t count = std::min(room, total - told_next_);
        const OwedRecord owed{told_next_, count, {}};
        std::memcpy(payload.data(), &owed, sizeof owed);
        const std::uint64_t words = (count + 63) / 64;
        for (std::uint64_t w = 0; w < words; ++w)
            store_be(payload.data() + sizeof owed + w * sizeof(Be64),
                     ~arrival_.pages->present()[told_next_ / 64 + w] & first_bits(count - w * 64));
        writer_.finish(RecordType::owed, sizeof owed + words * sizeof(Be64));
        told_next_ += count;
        again_ = told_next_ != total;
        flush();
    }
}

} // namespace transom::migrate
