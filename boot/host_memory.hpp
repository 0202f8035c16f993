// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/memory/frames.hpp>
#include <transom/tree/host_tree.hpp>

namespace boot {

/// Builds the owner of real memory from what the tree says: our image, the tree itself, the bundle and firmware's ranges
/// are taken, the rest is free. Once.
transom::memory::Frames& take_memory(const transom::tree::HostMachine& machine, const void* fdt);

} // namespace boot
