// SPDX-License-Identifier: Apache-2.0
#include "hpt_scope.hpp"

#include <optional>
#include <transom/hcall/handlers.hpp>

namespace transom::hcall {

namespace {
/// 16384 slots: what a table of 256 KiB has. A call takes well under a millisecond.
constexpr unsigned batches_per_call = 32;

// LoPAR H_CLEAR_HPT: no arguments, no outputs. H_CONTINUE until the whole table has been emptied, and while another
// processor is at it.
template <class Scope> Outcome clear_table(partition::Vcpu& vcpu) {
    const Scope scope{*vcpu.partition};
    if (!scope.table().begin_clear())
        return papr::Status::continue_;
    papr::Status status = papr::Status::continue_;
    for (unsigned i = 0; i <= batches_per_call; ++i) {
        const auto batch = scope.table().begin_clear_batch();
        if (!batch) {
            status = papr::Status::success;
            break;
        }
        std::optional<hpt::PartitionFlushed> flushed;
        if (batch->must_flush)
            flushed = scope.flush_partition();
        scope.table().finish_clear_batch(*batch, flushed);
    }
    scope.table().end_clear();
    return status;
}

} // namespace

Outcome h_clear_hpt(partition::Vcpu& vcpu) { return clear_table<FirstTable>(vcpu); }
Outcome h_clear_hpt_dual(partition::Vcpu& vcpu) { return clear_table<BothTables>(vcpu); }
Outcome h_clear_hpt_resizing(partition::Vcpu& vcpu) { return clear_table<ResizingTable>(vcpu); }

} // namespace transom::hcall
