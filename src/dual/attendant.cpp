// SPDX-License-Identifier: Apache-2.0
#include <arch/processors.hpp>
#include <bit>
#include <transom/base/log.hpp>
#include <transom/dual/attendant.hpp>
#include <transom/dual/partition_engine.hpp>

namespace transom::dual {

using partition::Partition;
using partition::Vcpu;

namespace {

/// Makes those virtual processors that are inside leave, and look again which table they are to walk.
void bring_out(Partition& partition, std::uint64_t awaited) {
    for (std::uint64_t left = awaited; left != 0; left &= left - 1)
        if (const std::uint32_t on = partition.vcpus[static_cast<unsigned>(std::countr_zero(left))].on;
            on != Vcpu::nowhere)
            arch::kick(on);
}

} // namespace

void Attendant::count(const Partition& partition) {
    const PartitionEngine& engine = *partition.dual;
    const Counters& counters = engine.counters();
    roster_.table_totals().add_drained(counters, engine.live_at_switch());
    log("partition {}: its second page table is drained: {} entries when the last processor had left it, {} by its "
        "calls, {} by the sweep; in its time from {} to {}",
        partition.name(), engine.live_at_switch(), counters.drained_by_calls.load(), counters.drained_by_sweep.load(),
        engine.reached(Phase::drain) + partition.timebase_offset,
        engine.reached(Phase::release) + partition.timebase_offset);
}

bool Attendant::attend(Partition& partition) {
    PartitionEngine& engine = *partition.dual;
    if (!engine.active())
        return false;
    switch (engine.advance()) {
    case Phase::drain:
        static_cast<void>(engine.sweep_portion(Fold::evict));
        return true;
    case Phase::normal:
        if (engine.active())
            break;
        count(partition);
        engine.give_back(frames_);
        return false;
    default:
        break;
    }
    const std::uint64_t awaited = engine.awaited();
    bring_out(partition, awaited);
    return awaited != 0;
}

std::uint64_t Attendant::run() {
    bool more = false;
    roster_.for_each([&](Partition& partition) { more = attend(partition) || more; });
    return more ? interval_ : ~std::uint64_t{0};
}

} // namespace transom::dual
