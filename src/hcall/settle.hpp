// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/hcall/outcome.hpp>
#include <transom/partition/deliver.hpp>

namespace transom::hcall {

/// The end of a call that may have changed what interrupts the caller: the dispatcher has to look where one is pending.
inline Outcome settle(partition::Vcpu& vcpu, papr::Status status = papr::Status::success) {
    partition::withdraw_external(vcpu);
    return {status, partition::external_pending(vcpu) ? Then::yield : Then::resume};
}

} // namespace transom::hcall
