// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/real_memory.hpp>
#include <cstring>
#include <transom/migrate/checksum.hpp>
#include <transom/migrate/partition_state.hpp>
#include <transom/migrate/source_session.hpp>
#include <transom/migrate/table_state.hpp>

// What the source sends after both sides agreed. Each call of produce() makes one record at most.

namespace transom::migrate {

namespace {

/// Slots looked at in one go when the table is sparse.
constexpr std::uint64_t slots_per_step = 4096;

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

std::span<const std::byte> granule_of(const partition::Partition& partition, std::uint64_t index) {
    // A block holds whole granules, so a granule is in one piece.
    const auto real = partition.memory.translate({index * partition.granule}, partition.granule);
    invariant(real.has_value(), "a granule outside the partition's memory");
    return {arch::real_pointer(*real), partition.granule};
}

} // namespace

/// False: nothing can be done before the target answers or the partition has stopped.
bool SourceSession::produce() {
    partition::Partition& partition = *order_.partition;
    switch (phase_) {
    case Phase::timing:
        if (ping_out_)
            return false;
        ping_out_ = now();
        writer_.write(RecordType::ping, PingRecord{*ping_out_});
        return true;
    case Phase::suspending:
        if (!control_.suspend(partition))
            return false;
        begin_suspended();
        return true;
    case Phase::pages:
        return produce_pages();
    case Phase::table:
        return produce_table();
    case Phase::vcpus:
        writer_.finish(RecordType::vcpu, encode_vcpu(partition.vcpus[cursor_], writer_.payload()));
        if (++cursor_ == partition.vcpu_count) {
            cursor_ = 0;
            enter(Phase::areas);
        }
        return true;
    case Phase::areas:
        writer_.finish(RecordType::areas, encode_areas(partition.vcpus[cursor_], writer_.payload()));
        if (++cursor_ == partition.vcpu_count)
            enter(Phase::interrupts);
        return true;
    case Phase::interrupts:
        writer_.finish(RecordType::interrupts, encode_interrupts(partition.sources, writer_.payload()));
        cursor_ = 0;
        enter(Phase::terminals);
        return true;
    case Phase::terminals:
        writer_.finish(RecordType::terminal,
                       encode_terminal(partition, static_cast<TerminalIndex>(cursor_), writer_.payload()));
        if (++cursor_ == partition.terminal_count)
            enter(Phase::clock);
        return true;
    case Phase::clock:
        produce_clock();
        enter(Phase::end);
        return true;
    case Phase::end:
        totals_ = {writer_.records(), progress_.pages, progress_.zero_pages, progress_.table_entries, writer_.digest()};
        writer_.write(RecordType::end, totals_);
        progress_.copied_at = now();
        progress_.state = MoveState::confirming;
        enter(Phase::confirming);
        return true;
    case Phase::idle:
    case Phase::connecting:
    case Phase::greeting:
    case Phase::confirming:
    case Phase::handing:
    case Phase::over:
        return false;
    }
    return false;
}

void SourceSession::begin_suspended() {
    progress_.stopped_at = now();
    progress_.state = MoveState::copying;
    zero_digest_.reset();
    cursor_ = 0;
    zero_count_ = 0;
    writer_.finish(RecordType::partition, encode_partition(*order_.partition, writer_.payload()));
    enter(Phase::pages);
}

/// Goes through the memory up to a record's worth. Consecutive zero granules become one record.
bool SourceSession::produce_pages() {
    for (; cursor_ < progress_.pages_total; ++cursor_) {
        const auto granule = granule_of(*order_.partition, cursor_);
        const bool corrupt = order_.corrupt_page == cursor_;
        const bool zero = all_zero(granule);
        if (zero && !corrupt) {
            if (!zero_digest_) // the same for all of them
                zero_digest_ = xxh64(granule);
            order_.digests[cursor_] = *zero_digest_;
            if (zero_count_++ == 0)
                zero_first_ = cursor_;
            // What this step has found goes out with it: the target hears of us, digests the run meanwhile, and is never
            // further behind than its receive window.
            if ((zero_count_ & 63) == 0 && out_of_time()) {
                ++cursor_;
                put_zero_run();
                return true;
            }
            continue;
        }
        if (zero_count_ != 0) {
            put_zero_run();
            return true;
        }
        order_.digests[cursor_] = xxh64(granule);
        put_page(cursor_, granule);
        ++cursor_;
        return true;
    }
    if (zero_count_ != 0) {
        put_zero_run();
        return true;
    }
    cursor_ = 0;
    enter(Phase::table);
    return true;
}

void SourceSession::put_page(std::uint64_t index, std::span<const std::byte> granule) {
    const auto payload = writer_.payload();
    store_be(payload.data(), index);
    std::memcpy(payload.data() + sizeof(PageRecord), granule.data(), granule.size());
    if (order_.corrupt_page == index)
        payload[sizeof(PageRecord) + granule.size() / 2] ^= std::byte{0x10};
    writer_.finish(RecordType::page, sizeof(PageRecord) + granule.size());
    ++progress_.pages;
}

void SourceSession::put_zero_run() {
    writer_.write(RecordType::zero_pages, ZeroPagesRecord{zero_first_, zero_count_});
    progress_.zero_pages += zero_count_;
    zero_count_ = 0;
}

bool SourceSession::produce_table() {
    hpt::HashedPageTable& table = order_.partition->hpt;
    const std::uint64_t slots = table.slot_count();
    const std::uint64_t end = std::min(slots, cursor_ + slots_per_step);
    const TablePortion portion = encode_table(table, cursor_, end, writer_.payload());
    cursor_ = portion.next;
    if (portion.entries != 0) {
        writer_.finish(RecordType::page_table, portion.bytes);
        progress_.table_entries += portion.entries;
    } else if (out_of_time()) {
        writer_.finish(RecordType::working, 0, 0); // nothing here, but the target is to hear of us
    }
    if (cursor_ == slots) {
        cursor_ = 0;
        enter(Phase::vcpus);
    }
    return true;
}

void SourceSession::produce_clock() {
    ClockRecord clock;
    clock.stopped_at = progress_.stopped_at;
    clock.offset = order_.partition->timebase_offset;
    clock.difference = clock_.best()->ticks;
    clock.difference_error = clock_.best()->error;
    clock.stop_asked_at = progress_.stop_asked_at;
    writer_.write(RecordType::clock, clock);
}

} // namespace transom::migrate
