// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/migrate/pass_meter.hpp>

namespace transom::migrate {

namespace {

std::uint64_t sendable(const PageCounts& counts) { return counts.left - std::min(counts.hot, counts.left); }

} // namespace

void PassMeter::begin_pass(Ticks now, const PageCounts& counts) {
    ++pass_;
    began_ = now;
    touched_ = counts.touched;
    before_ = counts;
    sendable_ = sendable(counts);
    if (pass_ == 1)
        curve_.begin(now, counts.touched, frequency_ / 1000);
}

void PassMeter::watched(Ticks now, std::uint64_t touched) {
    began_ = now;
    touched_ = touched;
}

void PassMeter::sample(Ticks now, std::uint64_t touched) {
    if (pass_ == 1)
        curve_.sample(now, touched);
}

std::uint64_t PassMeter::per_second(std::uint64_t pages, Ticks time) const {
    return time == 0 ? 0 : pages * frequency_ / time; // pages below 2^32, a second below 2^31 ticks
}

PassResult PassMeter::end_pass(Ticks now, const PageCounts& counts, std::uint64_t sent, std::uint64_t in_full) {
    sample(now, counts.touched);
    const Ticks time = now - began_;
    if (in_full != 0 && time != 0 && (bandwidth_ == 0 || in_full >= sample_))
        bandwidth_ = per_second(in_full, time);
    if (bandwidth_ == 0 && time != 0)
        bandwidth_ = per_second(sent, time); // zeros, all of them
    const std::uint64_t touched = counts.touched - touched_, expected = curve_.pages_within(time);
    if (pass_ > 1 && expected >= 16) // of fewer a ratio says nothing
        correction_ = std::clamp<std::uint64_t>(256 * touched / expected, 64, 1024);
    const std::uint64_t first_time = before_.fresh - std::min(counts.fresh, before_.fresh);
    PassResult result{.pass = pass_,
                      .time = time,
                      .sent = sent,
                      .zero = sent - in_full,
                      .resent =
                          sent - std::min(first_time, sent), // a large page may have made one stale that never went
                      .left = counts.left,
                      .hot = counts.hot,
                      .costs = {.evicted = counts.costs.evicted - before_.costs.evicted,
                                .tlbies = counts.costs.tlbies - before_.costs.tlbies,
                                .ticks = counts.costs.ticks - before_.costs.ticks},
                      .bandwidth = bandwidth_};
    if (bandwidth_ != 0)
        result.predicted_stop = counts.left * frequency_ / bandwidth_;
    result.dirty_rate = per_second(touched, time);
    outrun_ = result.dirty_rate * 100 > bandwidth_ * outrun_percent_ ? outrun_ + 1 : 0;
    result.outrun = outrun_;
    result.predicted_left = predict(counts, sent);
    return result;
}

std::uint64_t PassMeter::bandwidth(Ticks now, std::uint64_t sent) const {
    constexpr std::uint64_t enough = 32; // to know a speed by
    return bandwidth_ != 0 || sent < enough ? bandwidth_ : per_second(sent, now - began_);
}

std::uint64_t PassMeter::predict(const PageCounts& counts, std::uint64_t sent) const {
    if (bandwidth_ == 0)
        return counts.left;
    // Some of what could be sent is stored to before its turn: as many of a hundred as in the last pass.
    const std::uint64_t to_send = sendable_ == 0 ? 0 : sendable(counts) * std::min(sent, sendable_) / sendable_;
    const Ticks time = to_send * frequency_ / bandwidth_;
    // Everything is watched from the pass's beginning, so what is stored to in it is what is left; a hot page most likely is one
    // of those.
    const std::uint64_t altered = curve_.pages_within(time) * correction_ / 256;
    return std::max(counts.hot, altered);
}

} // namespace transom::migrate
