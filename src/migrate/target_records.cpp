// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/real_memory.hpp>
#include <cstring>
#include <transom/migrate/checksum.hpp>
#include <transom/migrate/page_copy.hpp>
#include <transom/migrate/partition_state.hpp>
#include <transom/migrate/target_session.hpp>
#include <transom/partition/deliver.hpp>

// What the records bring, and whether everything has come.

namespace transom::migrate {

std::span<std::byte> TargetSession::granule(std::uint64_t index) {
    const auto real = arrival_.partition->memory.translate({index * shape_.granule}, shape_.granule);
    invariant(real.has_value(), "a granule outside the partition's memory");
    return {arch::real_pointer(*real), shape_.granule};
}

void TargetSession::digest(std::uint64_t index) { arrival_.digests[index] = xxh64(granule(index)); }

std::optional<Failure> TargetSession::check_range(std::uint64_t first, std::uint64_t count) const {
    const std::uint64_t total = shape_.granules();
    if (first >= total || count > total - first)
        return failure(MoveError::page_range, "granules {} to {} of {}", first, first + count - 1, total);
    return std::nullopt;
}

std::optional<Failure> TargetSession::check_order(CopyOrder order) {
    if (order == 0 || order > last_order)
        return failure(MoveError::record_content, "the order of a copy is {}, and not from 1 to {}", order, last_order);
    return std::nullopt;
}

/// Whether a copy of a granule that has come is to be stored.
Landing TargetSession::land(std::uint64_t index, CopyOrder order, std::optional<CopyOrder> base) {
    progress_.pages_resent += arrival_.pages->has_come({index}) ? 1 : 0;
    return arrival_.pages->land({index}, order, base);
}

/// It is stored.
void TargetSession::landed(std::uint64_t index) {
    digest(index);
    static_cast<void>(arrival_.pages->landed({index}));
    if (phase_ != Phase::post_copying)
        return;
    if (waits_.come({index}, control_.now())) {
        progress_.longest_wait = waits_.longest();
        progress_.wait_99 = waits_.percentile(99);
    }
    progress_.pages_left = arrival_.pages->pages_left();
    partition::Partition& partition = *arrival_.partition;
    for (std::uint32_t i = 0; i < partition.vcpu_count; ++i)
        if (partition.vcpus[i].awaits == index * shape_.granule)
            partition::alert(partition.vcpus[i]);
}

/// Memory comes while the partition runs at the source, from the first page on, and until all is here.
bool TargetSession::takes_memory() {
    if (phase_ == Phase::timing) {
        phase_ = Phase::pre_copying;
        progress_.state = MoveState::pre_copying;
        last_said_ = control_.now();
    }
    return phase_ == Phase::pre_copying || phase_ == Phase::receiving || phase_ == Phase::post_copying;
}

void TargetSession::handle_page(const Record& record) {
    totals_.pages = totals_.pages + 1;
    if (const auto wrong = store(record))
        fail(*wrong);
}

std::optional<Failure> TargetSession::store(const Record& record) {
    if (!takes_memory())
        return failure(MoveError::record_order, "a page came where it may not");
    const auto copy = PageCopy::of(record, shape_.granule);
    if (!copy)
        return copy.error();
    const std::uint64_t index = copy->index();
    if (const auto wrong = check_order(copy->order()))
        return wrong;
    if (const auto wrong = check_range(index, 1))
        return wrong;
    ++progress_.pages;
    progress_.pages_compressed += copy->type() == RecordType::packed_page ? 1 : 0;
    progress_.pages_delta += copy->type() == RecordType::page_delta ? 1 : 0;
    progress_.bytes_saved += copy->saved();
    const Landing landing = land(index, copy->order(), copy->base());
    if (landing == Landing::no_base)
        return failure(MoveError::record_content, "granule {} builds on copy {}, which is not here", index,
                       *copy->base());
    if (landing != Landing::store)
        return std::nullopt;
    if (!copy->put_into(granule(index))) {
        // Nothing has come: whoever waits goes on waiting, and a run of zeros finds zeros.
        std::ranges::fill(granule(index), std::byte{0});
        arrival_.pages->damaged({index});
        return failure(MoveError::record_content, "granule {} is packed, and not into what unpacks to one", index);
    }
    landed(index);
    return std::nullopt;
}

/// A channel of the source's, with which there is a conversation, as long as pages may come.
bool TargetSession::is_joined_by(const JoinRecord& join, const net::ByteStream& peer) {
    const bool open =
        (phase_ >= Phase::timing && phase_ <= Phase::held) || (phase_ == Phase::post_copying && known_ && !again_);
    return open && stream_ != nullptr && peer.peer_key() == source_key_ && peer.peer() == progress_.peer &&
           join.name == shape_.name_storage && join.move == move_ && join.zero == 0 &&
           channels_.joined() < TargetChannels::capacity;
}

/// A page that comes by a channel.
std::optional<Failure> TargetSession::take_page(const Record& page) {
    if (const auto wrong = store(page))
        return wrong;
    touch();
    return std::nullopt;
}

void TargetSession::pages_taken() {
    progress_.connections = std::max(progress_.connections, 1 + channels_.joined());
    progress_.bytes = bytes_before_ + reader_.bytes() + channels_.bytes();
    complete_if_whole();
}

void TargetSession::handle_zero_pages(const Record& record) {
    const auto run = record.as<ZeroPagesRecord>();
    if (!takes_memory())
        return out_of_order(record);
    if (!run)
        return wrong_length(record);
    if (run->count == 0)
        return fail(failure(MoveError::record_content, "an empty run of zero granules"));
    if (const auto wrong = check_order(run->order))
        return fail(*wrong);
    if (const auto wrong = check_range(run->first, run->count))
        return fail(*wrong);
    // Its memory was given zeroed; what has come since goes. The digests are those of what is really there.
    zero_next_ = run->first;
    zero_left_ = run->count;
    zero_order_ = run->order;
    work_off_zero_run();
}

void TargetSession::work_off_zero_run() {
    while (zero_left_ != 0) {
        const bool come = arrival_.pages->has_come({zero_next_});
        if (land(zero_next_, zero_order_) == Landing::store) {
            if (come)
                std::ranges::fill(granule(zero_next_), std::byte{0});
            landed(zero_next_);
        }
        ++zero_next_;
        --zero_left_;
        ++progress_.zero_pages;
        totals_.zero_pages = totals_.zero_pages + 1;
        if (out_of_time()) {
            touch();
            return;
        }
    }
}

void TargetSession::handle_state(const Record& record) {
    if (phase_ != Phase::receiving)
        return out_of_order(record);
    partition::Partition& partition = *arrival_.partition;
    const auto once = [&](std::expected<std::uint32_t, Failure> index, auto& seen) {
        if (!index)
            return fail(index.error());
        if (seen.test(*index))
            return out_of_order(record);
        seen.set(*index);
    };
    const auto only = [&](std::expected<void, Failure> decoded, bool& seen) {
        if (!decoded)
            return fail(decoded.error());
        if (std::exchange(seen, true))
            return out_of_order(record);
    };
    switch (record.type) {
    case RecordType::vcpu:
        return once(decode_vcpu(record.payload, partition, facts_), vcpus_seen_);
    case RecordType::areas:
        return once(decode_areas(record.payload, partition), areas_seen_);
    case RecordType::interrupts:
        return only(decode_interrupts(record.payload, partition), interrupts_seen_);
    case RecordType::terminal:
        return once(decode_terminal(record.payload, partition), terminals_seen_);
    default:
        panic("not a state record");
    }
}

void TargetSession::handle_clock(const Record& record) {
    const auto clock = record.as<ClockRecord>();
    if (phase_ != Phase::receiving || clock_)
        return out_of_order(record);
    if (!clock)
        return wrong_length(record);
    if (clock->zero != 0)
        return fail(failure(MoveError::record_content, "clock: a field that must be zero is not"));
    clock_ = clock;
    progress_.clock_error = clock->difference_error;
}

/// It comes in order, before anything else of this connection; a page that goes by a channel may have overtaken it.
void TargetSession::handle_definition(const Record& record) {
    const auto head = record.as<DefinitionRecord>(false);
    const std::span<std::byte> room = arrival_.definition.subspan(definition_next_);
    if ((phase_ != Phase::timing && phase_ != Phase::pre_copying) || room.empty())
        return out_of_order(record);
    if (!head || record.payload.size() == sizeof *head || record.payload.size() > sizeof *head + max_definition_bytes)
        return wrong_length(record);
    const auto bytes = record.payload.subspan(sizeof *head);
    if (head->offset != definition_next_ || bytes.size() > room.size())
        return fail(failure(MoveError::record_content, "bytes {} to {} of the definition came, and it lacks {} to {}",
                            std::uint64_t{head->offset}, head->offset + bytes.size(), definition_next_,
                            arrival_.definition.size()));
    std::ranges::copy(bytes, room.begin());
    definition_digest_.add(bytes);
    definition_next_ += bytes.size();
    progress_.definition_bytes += sizeof(RecordHeader) + record.payload.size();
    if (definition_next_ != arrival_.definition.size())
        return;
    const std::uint64_t digest = definition_digest_.digest();
    if (shape_.definition.digest != 0 && shape_.definition.digest != digest)
        return fail(failure(MoveError::record_content, "the definition is not the one that was announced"));
    if (const auto defined = control_.define(*arrival_.partition, digest); !defined)
        fail(defined.error());
}

std::optional<Failure> TargetSession::missing_part() const {
    if (definition_next_ != arrival_.definition.size())
        return failure(MoveError::incomplete, "the definition has not come: {} of {} bytes are here", definition_next_,
                       arrival_.definition.size());
    // Of what is owed it is known that it has not come.
    if (owed_next_ != 0 && owed_next_ != shape_.granules())
        return failure(MoveError::incomplete, "whether granule {} is owed has not come", owed_next_);
    for (std::uint64_t g = 0; owed_next_ == 0 && arrival_.pages->pages_left() != 0 && g < shape_.granules(); ++g)
        if (arrival_.pages->status({g}) != ArrivalStatus::present)
            return failure(MoveError::incomplete, "granule {} has not come", g);
    if (const auto section = arrival_.table.missing(*arrival_.partition))
        return failure(MoveError::incomplete, "section {} of the page table has not come", section->value);
    for (std::uint32_t i = 0; i < shape_.vcpus; ++i)
        if (!vcpus_seen_.test(i) || !areas_seen_.test(i))
            return failure(MoveError::incomplete, "the {} of virtual processor {} have not come",
                           vcpus_seen_.test(i) ? "areas" : "registers", i);
    for (std::uint32_t i = 0; i < arrival_.partition->terminal_count; ++i)
        if (!terminals_seen_.test(i))
            return failure(MoveError::incomplete, "terminal {} has not come", i);
    if (!interrupts_seen_ || !clock_)
        return failure(MoveError::incomplete, "the {} has not come",
                       !interrupts_seen_ ? "interrupts record" : "clock record");
    return std::nullopt;
}

void TargetSession::handle_end(const Record& record) {
    const auto end = record.as<TotalsRecord>();
    if (phase_ != Phase::receiving)
        return out_of_order(record);
    if (!end)
        return wrong_length(record);
    if (const auto missing = missing_part())
        return fail(*missing);
    const TotalsRecord ours{reader_.records() - 1, totals_.pages, totals_.zero_pages, progress_.table_entries,
                            reader_.digest_before_last()};
    if (std::memcmp(&ours, &*end, sizeof ours) != 0)
        return fail(
            failure(MoveError::totals, "we have {} records, {} granules, {} table entries; the source says {}, {}, {}",
                    std::uint64_t{ours.records}, ours.pages + ours.zero_pages, std::uint64_t{ours.table_entries},
                    std::uint64_t{end->records}, end->pages + end->zero_pages, std::uint64_t{end->table_entries}));
    phase_ = Phase::held;
    progress_.state = MoveState::confirming;
    progress_.copied_at = control_.now();
    progress_.held_at = progress_.copied_at;
    writer_.write(RecordType::held, ours);
    flush();
}

} // namespace transom::migrate
