// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/partition/vcpu.hpp>

namespace arch {

/// Whose exits the calling processor handles from now on.
void set_vcpu_inside(transom::partition::Vcpu* vcpu);

/// Whether it left because of a kick or a device's interrupt since this was asked last. They wait to be acknowledged.
bool was_kicked_out();

} // namespace arch
