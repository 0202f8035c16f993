// SPDX-License-Identifier: Apache-2.0
#include <transom/partition/partition.hpp>

namespace transom::partition {

namespace {

constexpr std::uint64_t counters_frozen = 0x80000000; // MMCR0[FC]

} // namespace

void Vcpu::reset_registers() {
    const auto old = registers.spr;
    registers = {};
    for (const std::size_t accumulator : {spr_index("PURR"), spr_index("SPURR"), spr_index("VTB"), spr_index("IC")})
        registers.spr[accumulator] = old[accumulator];
    registers.spr[spr_index("MMCR0")] = counters_frozen;
}

// The reason is read as soon as the partition is off, while others of its virtual processors may still be inside.
void Partition::end(StopReason why) {
    if (state == PartitionState::off)
        return;
    stop_reason = why;
    state = PartitionState::off;
}

hcall::Counters Partition::calls() const {
    hcall::Counters sum;
    for (std::uint32_t i = 0; i < vcpu_count; ++i)
        sum.add(vcpus[i].calls);
    return sum;
}

} // namespace transom::partition
