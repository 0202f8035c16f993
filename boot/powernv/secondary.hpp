// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/memory/frames.hpp>
#include <transom/tree/host_tree.hpp>

namespace boot {

class Kernel;

/// Takes all other processors out of firmware, where they would spin. Those that can be kicked wait for release_secondaries(), the
/// others sleep for ever. Returns how many wait. `interrupts`: the interrupt controller is ours.
std::uint32_t start_secondaries(const transom::tree::HostMachine& machine, const void* fdt,
                                transom::memory::Frames& frames, transom::RealAddr partition_table, bool interrupts);

/// Those that wait run virtual processors from now on.
void release_secondaries(Kernel& kernel);

} // namespace boot
