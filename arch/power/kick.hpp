// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/base/address.hpp>

namespace arch {

/// How a processor is kicked. POWER9 and later: an interrupt of XIVE for the hypervisor's own ring, which firmware has routed to
/// the processor; POWER8: the inter-processor interrupt of its presentation controller.
struct KickPort {
    transom::RealAddr trigger;          // XIVE: the source's trigger page
    transom::RealAddr end_of_interrupt; // XIVE: the source's management page
    transom::RealAddr queue;            // XIVE: the event queue, kick_queue_size bytes, aligned to that, zeroed
    transom::RealAddr controller;       // POWER8: the presentation controller's registers
};

constexpr transom::Bytes kick_queue_size = transom::kib(64);
constexpr std::uint8_t kick_priority = 4; // of POWER8's kicks, and of devices' interrupts there

/// Once, before any processor is opened: XIVE's thread interrupt management area, the pages of the hypervisor's ring and of the
/// partition's (POWER9 and later).
void set_thread_management(transom::RealAddr hypervisor_ring, transom::RealAddr partition_ring);
void set_kick_port(std::uint32_t index, const KickPort& port);

/// From now on the calling processor takes kicks. Its port is set.
void open_to_kicks();

} // namespace arch
