// SPDX-License-Identifier: Apache-2.0
#include <transom/base/log.hpp>
#include <transom/dual/partition_engine.hpp>

namespace transom::dual {

namespace {

constexpr std::string_view name_of(Phase phase) {
    switch (phase) {
    case Phase::normal:
        return "normal";
    case Phase::dual:
        return "dual";
    case Phase::switching:
        return "switching";
    case Phase::drain:
        return "drain";
    case Phase::release:
        return "release";
    }
    return "?";
}

constexpr std::string_view name_of(Transition what) {
    switch (what) {
    case Transition::begins:
        return "begins in phase";
    case Transition::phase:
        return "phase";
    case Transition::all_on_second:
        return "all processors on it in phase";
    case Transition::abandoned:
        return "abandoned in phase";
    }
    return "?";
}

} // namespace

void PartitionEngine::log_transitions(std::string_view partition) {
    if (!transition_waits())
        return;
    while (const auto point = take_transition())
        log("partition {}: second page table: {} {} at {} of the time base: {} entries, sweep at group {}, {} faults, "
            "{} fills, "
            "{} drained by calls, {} by the sweep",
            partition, name_of(point->what), name_of(point->phase), point->at, point->live, point->cursor,
            point->faults, point->fills, point->drained_by_calls, point->drained_by_sweep);
}

} // namespace transom::dual
