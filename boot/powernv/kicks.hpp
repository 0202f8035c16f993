// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/memory/frames.hpp>

namespace boot {

/// Takes the interrupt controller over from firmware, so that processors can be kicked and devices can interrupt, and opens the calling
/// processor, the boot processor, to both. To be called while all other processors are in firmware. False, and a line in the log, where
/// that cannot be.
bool take_interrupts(const void* fdt, transom::memory::Frames& frames);

/// Gives another processor its kick: `index` is its number among those that run partitions, `server` the interrupt controller's number
/// for it. It takes kicks once it has called arch::open_to_kicks(). False, and a line in the log, where that cannot be.
bool set_up_kick(const void* fdt, std::uint32_t index, std::uint32_t server, transom::memory::Frames& frames);

} // namespace boot
