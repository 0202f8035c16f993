// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/dual/partition_engine.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/memory/last_missed.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {

namespace {

bool is_size(std::uint64_t log2_bytes) {
    return log2_bytes >= papr::min_log2_table_size && log2_bytes <= papr::max_log2_table_size;
}

/// Nothing has happened, and the call is made again once its processor has been outside: no page is missing.
Outcome again() {
    memory::last_missed = {};
    return Outcome::missing();
}

} // namespace

// LoPAR H_RESIZE_HPT_PREPARE: flags (0), size as a power of two or 0 to cancel. No outputs. H_LONG_BUSY until it is there.
Outcome h_resize_hpt_prepare(partition::Vcpu& vcpu) {
    const std::uint64_t flags = vcpu.registers.gpr[4], log2_bytes = vcpu.registers.gpr[5];
    partition::Partition& partition = *vcpu.partition;
    if (flags != 0 || (log2_bytes != 0 && !is_size(log2_bytes)))
        return papr::Status::parameter;
    // A small partition does not take the machine's memory for its table: one size above the recommended one, as with QEMU, or what it has.
    const unsigned most =
        std::max(hpt::recommended_log2_bytes(partition.memory.size()) + 1, partition.hpt.log2_bytes());
    if (partition.dual == nullptr || log2_bytes > most)
        return papr::Status::resource;
    return partition.dual->resize().prepare(partition, static_cast<unsigned>(log2_bytes));
}

// LoPAR H_RESIZE_HPT_COMMIT: flags (0), the size that is prepared. No outputs. Others of the partition make no page table calls meanwhile; who does
// makes them again, for the new table.
Outcome h_resize_hpt_commit(partition::Vcpu& vcpu) {
    const std::uint64_t flags = vcpu.registers.gpr[4], log2_bytes = vcpu.registers.gpr[5];
    partition::Partition& partition = *vcpu.partition;
    if (flags != 0)
        return papr::Status::parameter;
    if (partition.dual == nullptr || !is_size(log2_bytes))
        return papr::Status::closed;
    const auto status = partition.dual->resize().commit(partition, vcpu.index, static_cast<unsigned>(log2_bytes));
    return status ? Outcome(*status) : again();
}

Outcome h_made_again(partition::Vcpu&) { return again(); }

} // namespace transom::hcall
