// SPDX-License-Identifier: Apache-2.0
#include <transom/hcall/handlers.hpp>

// hcall-vasi. A handle names an operation stream that a partition was told of: a migration or a hibernation in which it takes
// part (LoPAR "VASI Support hcall()s"). A partition takes no part in its moves here, so it holds no handle, and all three calls
// find the one that they are given unknown before they look at anything else.

namespace transom::hcall {

Outcome h_donor_operation(partition::Vcpu&) { return papr::Status::parameter; }
Outcome h_vasi_signal(partition::Vcpu&) { return papr::Status::parameter; }
Outcome h_vasi_state(partition::Vcpu&) { return papr::Status::parameter; }

} // namespace transom::hcall
