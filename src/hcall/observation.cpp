// SPDX-License-Identifier: Apache-2.0
#include <transom/hcall/counters.hpp>

namespace transom::hcall {

void Observation::start() {
    latency_ = {};
    other_exits_ = {};
    recorded_ = 0;
    on_ = true;
}

void Observation::record(std::size_t row, std::uint64_t ticks, const TraceEntry& entry) {
    latency_[row].add(ticks);
    trace_[recorded_ % trace_size] = entry;
    ++recorded_;
}

const TraceEntry* Observation::recent(std::size_t age) const {
    return age < recorded_ && age < trace_size ? &trace_[(recorded_ - 1 - age) % trace_size] : nullptr;
}

} // namespace transom::hcall
