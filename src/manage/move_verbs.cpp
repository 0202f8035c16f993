// SPDX-License-Identifier: Apache-2.0
#include "answer_line.hpp"
#include <array>
#include <transom/manage/connection.hpp>

// What is said of a move: where it is, and what each pass over the partition's memory was.

namespace transom::manage {

void Connection::answer_migration() {
    const migrate::Progress& p = machine_->migration();
    out_size_ = out_sent_ = 0;
    append("ok state={}", migrate::name(p.state));
    if (p.state == migrate::MoveState::none)
        return end_line();
    append(" role={} partition={} peer={}.{}.{}.{} pages_done={} pages_total={} pages_sent={} zero_pages={} "
           "table_entries={} "
           "bytes={}",
           migrate::name(p.role), p.partition(), p.peer.value >> 24, p.peer.value >> 16 & 255, p.peer.value >> 8 & 255,
           p.peer.value & 255, p.pages_done(), p.pages_total, p.pages, p.zero_pages, p.table_entries, p.bytes);
    const std::array<std::pair<std::string_view, std::uint64_t>, 7> times{{{"agreed", p.agreed_at},
                                                                           {"stop", p.stop_asked_at},
                                                                           {"stopped", p.stopped_at},
                                                                           {"copied", p.copied_at},
                                                                           {"held", p.held_at},
                                                                           {"started", p.started_at},
                                                                           {"ended", p.ended_at}}};
    for (const auto& [what, when] : times)
        if (when != 0)
            append(" {}_ticks={}", what, when - p.began_at);
    if (p.fold_ticks != 0)
        append(" fold_ticks={}", p.fold_ticks);
    if (p.sections != 0)
        append(" sections_total={} sections_sent={} sections_resent={} sections_in_stop={}", p.sections_total,
               p.sections, p.sections_resent, p.sections_in_stop);
    if (p.rc_mismatches != 0)
        append(" rc_mismatches={}", p.rc_mismatches);
    if (p.pages_resent != 0)
        append(" pages_resent={}", p.pages_resent);
    if (p.pages_compressed != 0)
        append(" pages_compressed={}", p.pages_compressed);
    if (p.pages_delta != 0)
        append(" pages_delta={}", p.pages_delta);
    if (p.definition_bytes != 0)
        append(" definition_bytes={}", p.definition_bytes);
    if (p.bytes_saved != 0)
        append(" bytes_saved={}", p.bytes_saved);
    if (p.encode_ticks != 0)
        append(" encode_ticks={} send_ticks={}", p.encode_ticks, p.send_ticks);
    if (p.state == migrate::MoveState::post_copying)
        append(" pages_left={}", p.pages_left);
    if (p.connections != 0)
        append(" connections={}", p.connections);
    if (p.connections_lost != 0)
        append(" connections_lost={}", p.connections_lost);
    if (p.slowed != 0)
        append(" slowed={}", p.slowed);
    if (p.pages_demanded != 0)
        append(" pages_demanded={}", p.pages_demanded);
    if (p.longest_wait != 0)
        append(" wait_99_ticks={} longest_wait_ticks={}", p.wait_99, p.longest_wait);
    if (p.pass != 0 && p.state != migrate::MoveState::post_copying)
        append(" pass={} pages_left={}", p.pass, p.pages_left);
    if (!p.passes.empty())
        append(" dirty_rate={} bandwidth={}", p.last_pass().dirty_rate, p.last_pass().bandwidth);
    if (p.predicted_stop != 0)
        append(" predicted_stop_ticks={}", p.predicted_stop);
    if (p.in_progress() && p.estimate) {
        append(" eta_ms={}", p.estimate->left_ms);
        if (p.state != migrate::MoveState::post_copying) // it has been
            append(" predicted_downtime_ms={} predicted_pages={}", p.estimate->downtime_ms, p.estimate->final_pages);
    }
    if (p.downtime() != 0)
        append(" downtime_ticks={} clock_error_ticks={}", p.downtime(), p.clock_error);
    if (p.failure.error != migrate::MoveError::none)
        append(" error_name={} error=\"{}\"", migrate::name(p.failure.error), p.failure.text());
    end_line();
}

void Connection::next_pass() {
    const auto& passes = machine_->migration().passes;
    if (cursor_ >= passes.size()) {
        answering_ = Answering::nothing;
        return line("ok passes={}", passes.size());
    }
    const migrate::PassResult& pass = passes[cursor_++];
    line("+ pass={} ticks={} pages_sent={} zero_pages={} pages_resent={} pages_left={} hot={} evicted={} "
         "sweep_ticks={} tlbies={} "
         "dirty_rate={} bandwidth={} predicted_left={} predicted_stop_ticks={}",
         pass.pass, pass.time, pass.sent, pass.zero, pass.resent, pass.left, pass.hot, pass.costs.evicted,
         pass.costs.ticks, pass.costs.tlbies, pass.dirty_rate, pass.bandwidth, pass.predicted_left,
         pass.predicted_stop);
}

} // namespace transom::manage
