// SPDX-License-Identifier: Apache-2.0
#include <transom/base/log.hpp>
#include <transom/dual/partition_engine.hpp>
#include <transom/migrate/source_session.hpp>

// The partition's memory is copied in passes while it runs.

namespace transom::migrate {

namespace {

TrackingCosts costs_of(const partition::Partition& partition, Ticks sweeps) {
    if (partition.dual == nullptr || !partition.dual->has_twins())
        return {.ticks = sweeps};
    const dual::Counters& counters = partition.dual->counters();
    return {.evicted = counters.folded, .tlbies = counters.tlbies, .ticks = sweeps};
}

} // namespace

/// False: there is to be another step.
bool SourceSession::begin_tracking() {
    const auto tracked = control_.track(*order_.partition, order_.pages->table());
    if (!tracked) {
        fail(tracked.error());
        return false;
    }
    if (*tracked != Headway::done) {
        if (*tracked == Headway::some)
            get_on();
        say_working();
        return false;
    }
    throttle_.begin(facts_.timebase_frequency);
    section_meter_ = {};
    begin_round();
    progress_.state = MoveState::pre_copying;
    enter(Phase::sections);
    return true;
}

/// The target hears of us about once a second while we have nothing for it.
void SourceSession::say_working() {
    touch(); // we wait for nobody
    if (now() - last_said_ < facts_.timebase_frequency || writer_.pending())
        return;
    last_said_ = now();
    writer_.finish(RecordType::working, 0, 0);
}

void SourceSession::begin_pass() {
    ++progress_.pass;
    get_on();
    throttle_.begin_pass(*order_.partition, now());
    order_.pages->begin_pass(now(), costs_of(*order_.partition, watch_ticks_));
}

/// A record at most.
bool SourceSession::produce_pass() {
    if (watching_) {
        const std::uint64_t began = now();
        const Headway headway = control_.watch(*order_.partition);
        watch_ticks_ += now() - began;
        watching_ = headway != Headway::done;
        if (headway != Headway::none)
            get_on();
        say_working();
        return headway != Headway::none;
    }
    if (in_round_) {
        if (is_ahead())
            return false;
        in_round_ = produce_sections_of_round();
        if (!in_round_)
            end_pass();
        return true;
    }
    if (!has_room_for_page() || is_ahead())
        return false;
    if (page_) {
        send(*page_);
        return true;
    }
    const SourcePages::Next next = order_.pages->next(now());
    switch (next.step) {
    case Choice::Step::send:
        send({next.page.value, next.order});
        return true;
    case Choice::Step::watch:
        watching_ = true;
        return true;
    case Choice::Step::look:
        if (out_of_time())
            put_zero_run(); // what this step has found goes out with it
        return true;
    case Choice::Step::over:
        put_zero_run();
        begin_round();
        in_round_ = true;
        return true;
    }
    return true;
}

void SourceSession::end_pass() {
    throttle_.end_pass(*order_.partition, now());
    const std::uint64_t sections = table_.left();
    const Decision decision =
        order_.pages->end_pass(now(), costs_of(*order_.partition, watch_ticks_), section_meter_.time_for(sections));
    const PassResult& pass = order_.pages->result();
    if (progress_.passes.full())
        progress_.passes.pop_back();
    static_cast<void>(progress_.passes.push_back(pass));
    progress_.pages_left = pass.left;
    log("migration of {}: pass {}: {} pages sent, {} of zeros, {} again; {} left, {} hot; it stores to {} a second, "
        "{} a second can be sent",
        progress_.partition(), pass.pass, pass.sent, pass.zero, pass.resent, pass.left, pass.hot, pass.dirty_rate,
        pass.bandwidth);
    log("migration of {}: pass {}: {} entries evicted in {} us, {} tlbies; what is left, with {} sections of its page "
        "table, "
        "would take {} us",
        progress_.partition(), pass.pass, pass.costs.evicted, microseconds(pass.costs.ticks), pass.costs.tlbies,
        sections, microseconds(pass.predicted_stop));
    switch (decision.act) {
    case Decision::Act::throttle:
        slow(decision.throttle);
        return begin_pass();
    case Decision::Act::again:
        return begin_pass();
    case Decision::Act::give_up:
        return fail(failure(MoveError::outrun,
                            "{} stores to its memory faster than that can be sent, {} pages were left: use mode=hybrid",
                            progress_.partition(), pass.left));
    case Decision::Act::stop:
        progress_.predicted_stop = pass.predicted_stop;
        break;
    case Decision::Act::post_copy:
        post_copy_ = true;
    }
    StoreThrottle::end(*order_.partition);
    progress_.stop_asked_at = now();
    enter(Phase::suspending);
}

void SourceSession::slow(unsigned percent) {
    const unsigned slowed = throttle_.slow(*order_.partition, percent, order_.pages->result().bandwidth);
    progress_.slowed = slowed == 0 ? 0 : percent;
    log("migration of {}: {} of its {} virtual processors store too much, and are slowed by {} %",
        progress_.partition(), slowed, order_.partition->vcpu_count, percent);
}

} // namespace transom::migrate
