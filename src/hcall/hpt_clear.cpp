// SPDX-License-Identifier: Apache-2.0
#include <arch/tlb.hpp>
#include <optional>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {

namespace {
/// 16384 slots: what a table of 256 KiB has. A call takes well under a millisecond.
constexpr unsigned batches_per_call = 32;
} // namespace

// LoPAR H_CLEAR_HPT: no arguments, no outputs. H_CONTINUE until the whole table has been emptied, and while another
// processor is at it.
Outcome h_clear_hpt(partition::Vcpu& vcpu) {
    partition::Partition& partition = *vcpu.partition;
    if (!partition.hpt.begin_clear())
        return papr::Status::continue_;
    papr::Status status = papr::Status::continue_;
    for (unsigned i = 0; i <= batches_per_call; ++i) {
        const auto batch = partition.hpt.begin_clear_batch();
        if (!batch) {
            status = papr::Status::success;
            break;
        }
        std::optional<hpt::PartitionFlushed> flushed;
        if (batch->must_flush)
            flushed = arch::Tlb::flush_partition(partition.lpid);
        partition.hpt.finish_clear_batch(*batch, flushed);
    }
    partition.hpt.end_clear();
    return status;
}

} // namespace transom::hcall
