// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/memory/frames.hpp>
#include <transom/tree/host_tree.hpp>

namespace boot {

/// Takes all other processors out of firmware, where they would spin, and parks them. Returns how many came.
unsigned start_secondaries(const transom::tree::HostMachine& machine, transom::memory::Frames& frames);

} // namespace boot
