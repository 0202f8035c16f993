// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scene.hpp"

namespace transom::hcall_fuzz {

/// What is wrong with a slot that is in use; null where nothing is. No processor may come through it to memory that the
/// partition does not own, and what the partition sees of it must be the same page. Decodes by the ISA, with nothing of
/// the code that is tested.
const char* wrong_with(const Scene& scene, const SlotWords& words);

/// Whether the hypervisor made the entry for the partition's accesses in real mode.
bool is_own(const SlotWords& words);

} // namespace transom::hcall_fuzz
