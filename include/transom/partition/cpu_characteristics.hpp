// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/partition/partition.hpp>

namespace transom::partition {

/// What H_GET_CPU_CHARACTERISTICS has to say of this machine's processors, from what its firmware says in its device tree:
/// /ibm,opal/fw-features, a node for each feature with `enabled` or `disabled` (skiboot publishes Hostboot's). What the tree does not
/// say, or says to be off, counts as no help from the hardware and as a barrier that is needed.
CpuCharacteristics read_cpu_characteristics(const void* fdt);

/// Whether firmware asks for a flush of the L1 data cache whenever a partition is entered: `needs-l1d-flush-msr-hv-1-to-0`
/// there, enabled. It is not done: docs/decisions.md.
bool asks_for_flush_at_entry(const void* fdt);

} // namespace transom::partition
