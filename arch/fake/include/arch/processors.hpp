// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace arch {

/// Number of the calling thread's processor; 0 until it says otherwise.
std::uint32_t processor_index();
void set_processor_index(std::uint32_t index);

/// Remembered by FakeWorld, if there is one.
void kick(std::uint32_t index);

/// As FakeWorld says, if there is one, and remembered there.
bool presents_external();
void raise_external();
void lower_external();

/// As FakeWorld says, if there is one.
std::uint64_t device_interrupts();

/// Nobody is inside a partition but who plays one.
inline void rendezvous(std::uint32_t) {}
struct RendezvousCost {
    std::uint64_t count = 0;
    std::uint64_t ticks = 0;
    std::uint64_t instructions = 0;
};
inline RendezvousCost rendezvous_cost() { return {}; }

} // namespace arch
