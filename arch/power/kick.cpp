// SPDX-License-Identifier: Apache-2.0
#include "kick.hpp"

#include "device_interrupts.hpp"
#include "emulator.hpp"
#include "lpcr.hpp"
#include "spr.hpp"

#include <arch/machine.hpp>
#include <arch/mmio.hpp>
#include <arch/processors.hpp>
#include <arch/real_memory.hpp>
#include <array>
#include <atomic>
#include <transom/base/big_endian.hpp>
#include <transom/base/panic.hpp>

namespace arch {

using transom::RealAddr;

namespace {

struct Kickable {
    KickPort port;
    std::atomic<bool> open = false;
    std::uint32_t next_event = 0; // XIVE: index into the queue
    bool generation = true;       // XIVE: bit 31 of the next event
};

constinit std::array<Kickable, max_processors> processors{};
constinit RealAddr ring{};           // the hypervisor's
constinit RealAddr partition_ring{}; // what its external interrupts come from
constinit thread_local std::uint32_t own_index = 0;

// Registers of the hypervisor's ring, by their offset in its page of the thread interrupt management area.
constexpr std::uint64_t ring_priority = 0x31;
constexpr std::uint64_t ring_acknowledge = 0x830;
constexpr std::uint8_t every_priority = 0xff;
// Of the partition's ring: what is pending there by our word alone.
constexpr std::uint64_t partition_ring_priority = 0x11;
constexpr std::uint64_t partition_ring_acknowledge = 0x810;
constexpr std::uint64_t partition_ring_set_pending = 0x812;
constexpr std::uint8_t presented_priority = 4; // any will do: priorities are the hypervisor calls' affair
/// A load at this offset of a source's management page sets its P and Q bits to 0 and returns the old Q.
constexpr std::uint64_t source_clear = 0xc00;

// Registers of POWER8's presentation controller. LoPAR calls them XIRR and MFRR; they are big-endian.
constexpr std::uint64_t controller_xirr = 4, controller_mfrr = 12;
/// What is less favoured than a kick stays out: those interrupts are firmware's.
constexpr std::uint8_t controller_threshold = 5;

template <class T> T load_be(RealAddr address) { return transom::byte_swap(mmio_load<T>(address)); }

void end_xive_interrupt(const KickPort& port) {
    // An event that came meanwhile left Q set: it is sent again.
    if ((load_be<std::uint64_t>(port.end_of_interrupt + source_clear) & 1) != 0)
        mmio_store<std::uint64_t>(port.trigger, 0);
}

void acknowledge_xive(Kickable& self) {
    if ((load_be<std::uint16_t>(ring + ring_acknowledge) & 0xff00) == 0)
        return;
    auto* const events = reinterpret_cast<transom::Be<std::uint32_t>*>(real_pointer(self.port.queue));
    constexpr std::uint32_t entries = kick_queue_size / sizeof(std::uint32_t), generation_bit = 1u << 31;
    while (((events[self.next_event] & generation_bit) != 0) == self.generation) {
        const std::uint32_t source = events[self.next_event] & ~generation_bit;
        if (++self.next_event == entries) {
            self.next_event = 0;
            self.generation = !self.generation;
        }
        if (!end_device_interrupt(source))
            end_xive_interrupt(self.port);
    }
    mmio_store<std::uint8_t>(ring + ring_priority, every_priority);
}

void acknowledge_controller(const Kickable& self) {
    const auto xirr = mmio_load<std::uint32_t>(self.port.controller + controller_xirr);
    const std::uint32_t source = transom::byte_swap(xirr) & 0xffffff;
    if (source == 0)
        return;
    if (!end_device_interrupt(source))
        mmio_store<std::uint8_t>(self.port.controller + controller_mfrr, 0xff);
    mmio_store<std::uint32_t>(self.port.controller + controller_xirr, xirr);
}

} // namespace

std::uint32_t processor_index() { return own_index; }

void set_processor_index(std::uint32_t index) {
    transom::invariant(index < max_processors, "more processors than there is room for");
    own_index = index;
}

void set_thread_management(RealAddr hypervisor_ring, RealAddr ring_of_partition) {
    ring = hypervisor_ring;
    partition_ring = ring_of_partition;
}

void set_kick_port(std::uint32_t index, const KickPort& port) { processors[index].port = port; }

void open_to_kicks() {
    Kickable& self = processors[own_index];
    if (processor_generation() >= 9) {
        mmio_store<std::uint8_t>(ring + ring_priority, every_priority);
        mmio_store<std::uint8_t>(partition_ring + partition_ring_priority, every_priority);
    } else {
        mmio_store<std::uint8_t>(self.port.controller + controller_mfrr, 0xff);
        mmio_store<std::uint8_t>(self.port.controller + controller_xirr, controller_threshold);
    }
    self.open.store(true, std::memory_order_release);
}

void kick(std::uint32_t index) {
    if (!processors[index].open.load(std::memory_order_acquire))
        return; // it looks around before it sleeps for the first time
    const KickPort& port = processors[index].port;
    if (processor_generation() >= 9)
        mmio_store<std::uint64_t>(port.trigger, 0);
    else
        mmio_store<std::uint8_t>(port.controller + controller_mfrr, kick_priority);
}

// POWER8 has one line for kicks and for this: while it presented an interrupt, kicks would have to wait for MSR[EE]. Its mediated
// external interrupt leaves the line alone and comes to us, when MSR[EE] is on; QEMU's POWER8 has the bit and no interrupt.
bool presents_external() {
    return processors[own_index].open.load(std::memory_order_relaxed) && (processor_generation() >= 9 || !emulated());
}

void raise_external() {
    if (processor_generation() < 9) {
        mtspr<Spr::lpcr>(mfspr<Spr::lpcr>() | lpcr::mer);
        isync();
        return;
    }
    mmio_store<std::uint8_t>(partition_ring + partition_ring_set_pending, presented_priority);
}

void lower_external() {
    if (processor_generation() < 9) {
        mtspr<Spr::lpcr>(mfspr<Spr::lpcr>() & ~lpcr::mer);
        isync();
        return;
    }
    (void)mmio_load<std::uint16_t>(partition_ring + partition_ring_acknowledge);
    mmio_store<std::uint8_t>(partition_ring + partition_ring_priority, every_priority);
}

void acknowledge_kick() {
    Kickable& self = processors[own_index];
    if (!self.open.load(std::memory_order_relaxed))
        return;
    if (processor_generation() >= 9)
        acknowledge_xive(self);
    else
        acknowledge_controller(self);
}

} // namespace arch
