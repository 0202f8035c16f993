// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <papr/hpt.hpp>
#include <transom/hpt/entry.hpp>

namespace transom::hpt {

/// Slots of a table of which each has a twin in a second table that processors may walk, and which goes before its own entry does:
/// dual::TwinSlots. Their d1 has the R and C of both.
template <class Slots>
concept Twinned = requires(Slots slots, papr::Ptex slot) {
    slots.drop_twin(slot);   // it is there no longer for a walk that begins now; R and C stay
    slots.forget_twin(slot); // after the flush, when R and C have been read
    slots.changed(slot);     // what the partition sees in it is another thing now, and who looks finds that
};

/// Slots of a table that another one has too, without what these do beside: there is one set of turns, that one's.
template <class Slots>
concept SharesTurns = requires(Slots slots) {
    slots.turns();
};

/// Slots of which some have an image in a table of another size: dual::ResizeSlots.
template <class Slots>
concept Mirrored = requires(Slots slots, papr::Ptex slot, HardwareEntry entry, std::uint64_t guest_word) {
    slots.mirror(slot, entry, guest_word); // what the locked slot is about to hold instead of what it holds
};

} // namespace transom::hpt
