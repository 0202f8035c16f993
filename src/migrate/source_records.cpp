// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <transom/migrate/partition_state.hpp>
#include <transom/migrate/source_session.hpp>

// What the source sends after both sides agreed. Each call of produce() makes one record at most.

namespace transom::migrate {

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
    case Phase::defining:
        return produce_definition();
    case Phase::tracking:
        return begin_tracking();
    case Phase::sections:
        if (is_ahead())
            return false;
        if (!produce_sections_of_round()) {
            begin_pass();
            enter(Phase::passes);
        }
        return true;
    case Phase::passes:
        return produce_pass();
    case Phase::suspending:
        if (!control_.suspend(partition))
            return false;
        begin_suspended();
        return true;
    case Phase::owed:
        return produce_owed();
    case Phase::pages:
        return produce_pages();
    case Phase::table:
        state_sent_ = true;
        if (!produce_sections()) {
            cursor_ = 0;
            enter(Phase::vcpus);
        }
        return true;
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
        enter(Phase::settling);
        return true;
    case Phase::settling:
        return produce_settled();
    case Phase::end:
        totals_ = {writer_.records(), totals_.pages, totals_.zero_pages, progress_.table_entries, writer_.digest()};
        writer_.write(RecordType::end, totals_);
        progress_.copied_at = now();
        progress_.state = MoveState::confirming;
        enter(Phase::confirming);
        return true;
    case Phase::fetching:
        return produce_rest();
    case Phase::idle:
    case Phase::emptied:
    case Phase::waiting:
    case Phase::reconnecting:
    case Phase::comparing:
    case Phase::leaving:
    case Phase::connecting:
    case Phase::greeting:
    case Phase::confirming:
    case Phase::handing:
    case Phase::over:
        return false;
    }
    return false;
}

/// Before anything else of it: nobody waits for a page yet, and no page that goes is stored to meanwhile.
bool SourceSession::produce_definition() {
    if (is_ahead())
        return false;
    const Bytes size = order_.definition.shape.size;
    const auto payload = writer_.payload();
    const DefinitionRecord record{cursor_};
    std::memcpy(payload.data(), &record, sizeof record);
    const auto part = payload.subspan(sizeof record, std::min<Bytes>(max_definition_bytes, size - cursor_));
    order_.definition.bytes->read(cursor_, part);
    definition_digest_.add(part);
    writer_.finish(RecordType::definition, sizeof record + part.size());
    cursor_ += part.size();
    progress_.definition_bytes += sizeof(RecordHeader) + sizeof record + part.size();
    if (cursor_ != size)
        return true;
    cursor_ = 0;
    control_.definition_read(*order_.partition, definition_digest_.digest());
    begin_copying();
    return true;
}

/// A record at most. False: the round is over, and there was nothing more.
bool SourceSession::produce_sections() {
    const std::uint64_t began = now();
    const bool looked = table_.look();
    const auto portion = looked ? table_.next(writer_.payload()) : std::nullopt;
    const bool stopped = phase_ == Phase::table;
    if (stopped && table_.has_twins())
        progress_.fold_ticks += now() - began;
    if (!looked && !stopped) { // that takes as long as there is table: the target hears of us
        get_on();
        say_working();
    }
    if (!portion)
        return !looked;
    writer_.finish(RecordType::page_table, portion->bytes);
    progress_.table_entries += portion->entries;
    progress_.sections += portion->sections;
    progress_.sections_in_stop += stopped ? portion->sections : 0;
    // In the first round each goes once.
    progress_.sections_resent = progress_.sections - std::min(progress_.sections, progress_.sections_total);
    return true;
}

/// While it runs.
void SourceSession::begin_round() {
    table_.begin_round();
    section_meter_.begin_round(now());
    sections_before_ = progress_.sections;
}

bool SourceSession::produce_sections_of_round() {
    if (produce_sections())
        return true;
    section_meter_.end_round(now(), progress_.sections - sections_before_);
    return false;
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
