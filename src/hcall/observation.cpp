// SPDX-License-Identifier: Apache-2.0
#include <transom/hcall/observation.hpp>

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

const TraceEntry* Observation::entry(std::uint64_t n) const {
    return n < recorded_ && recorded_ - n <= trace_size ? &trace_[n % trace_size] : nullptr;
}

} // namespace transom::hcall
