// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <transom/base/log.hpp>
#include <transom/dual/attendant.hpp>
#include <transom/dual/partition_engine.hpp>

namespace transom::dual {

using partition::Partition;

void Attendant::count(const Partition& partition) {
    const PartitionEngine& engine = *partition.dual;
    const Counters& counters = engine.counters();
    roster_.table_totals().add_drained(counters, engine.live_at_switch(),
                                       engine.reached(Phase::release) - engine.reached(Phase::drain));
    log("partition {}: its second page table is drained: {} entries when the last processor had left it, {} by its "
        "calls, {} by the sweep; in its time from {} to {}",
        partition.name(), engine.live_at_switch(), counters.drained_by_calls.load(), counters.drained_by_sweep.load(),
        engine.reached(Phase::drain) + partition.timebase_offset,
        engine.reached(Phase::release) + partition.timebase_offset);
}

/// Some portions, if it is time for them. Where nobody wants the processor it is, and one is enough until the tasks come by again.
void Attendant::sweep(PartitionEngine& engine) {
    const std::uint64_t began = arch::timebase();
    if (idle_ || pace_.due(began)) {
        const std::uint64_t at_once = idle_ ? 0 : pace_.at_once(began - oldest_);
        while (!engine.sweep_portion(Fold::evict).at_end && arch::timebase() - began < at_once) {}
        pace_.took(began, arch::timebase(), oldest_);
    }
    next_look_ = idle_ ? 0 : std::min(next_look_, pace_.until(arch::timebase()));
}

bool Attendant::attend(Partition& partition, ResizePortion& portion) {
    PartitionEngine& engine = *partition.dual;
    const bool resizes = engine.resize().under_way() && engine.resize().work(partition, frames_, portion);
    const bool more = engine.has_twins() && attend_twins(partition);
    engine.log_transitions(partition.name());
    return resizes || more;
}

bool Attendant::attend_twins(Partition& partition) {
    PartitionEngine& engine = *partition.dual;
    switch (engine.advance()) {
    case Phase::drain:
        sweep(engine);
        return true;
    case Phase::normal:
        if (engine.active())
            break;
        engine.log_transitions(partition.name());
        count(partition);
        engine.give_back(frames_);
        return false;
    default:
        break;
    }
    static_cast<void>(engine.have_all_come());
    const std::uint64_t awaited = engine.awaited();
    PartitionEngine::bring_out(partition, awaited);
    return awaited != 0;
}

std::uint64_t Attendant::run() {
    bool more = false;
    idle_ = !roster_.somebody_waits();
    next_look_ = interval_;
    oldest_ = arch::timebase();
    roster_.for_each([this](const Partition& partition) {
        if (partition.dual->phase() == Phase::drain)
            oldest_ = std::min(oldest_, partition.dual->reached(Phase::drain));
    });
    ResizePortion portion;
    const std::size_t first = begins_with_;
    // From `first` to the end, then what is before it: who has had a portion comes last in the next round.
    for (const bool before_it : {false, true}) {
        std::size_t place = 0;
        roster_.for_each([&](Partition& partition) {
            if ((place++ < first) != before_it)
                return;
            const bool was_left = portion.left();
            more = attend(partition, portion) || more;
            if (was_left && !portion.left())
                begins_with_ = place;
        });
    }
    return more ? next_look_ : ~std::uint64_t{0};
}

} // namespace transom::dual
