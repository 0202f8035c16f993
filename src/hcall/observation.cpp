// SPDX-License-Identifier: Apache-2.0
#include <transom/hcall/observation.hpp>

namespace transom::hcall {

void Observation::start() {
    const Locked lock(lock_);
    latency_ = {};
    other_exits_ = {};
    recorded_ = 0;
    on_ = true;
}

void Observation::record(std::size_t row, std::uint64_t ticks, const TraceEntry& entry) {
    const Locked lock(lock_);
    latency_[row].add(ticks);
    trace_[recorded_ % trace_size] = entry;
    ++recorded_;
}

void Observation::record_other_exit(std::uint64_t ticks) {
    const Locked lock(lock_);
    other_exits_.add(ticks);
}

Latency Observation::latency(std::size_t row) const {
    const Locked lock(lock_);
    return latency_[row];
}

Latency Observation::other_exits() const {
    const Locked lock(lock_);
    return other_exits_;
}

std::uint64_t Observation::recorded() const {
    const Locked lock(lock_);
    return recorded_;
}

std::optional<TraceEntry> Observation::entry(std::uint64_t n) const {
    const Locked lock(lock_);
    if (n >= recorded_ || recorded_ - n > trace_size)
        return std::nullopt;
    return trace_[n % trace_size];
}

} // namespace transom::hcall
