// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <papr/hpt.hpp>

namespace transom::hpt {

/// Slots of a table of which each has a twin in a second table that processors may walk, and which goes before its own entry does:
/// dual::TwinSlots. Their d1 has the R and C of both.
template <class Slots>
concept Twinned = requires(Slots slots, papr::Ptex slot) {
    slots.drop_twin(slot);   // it is there no longer for a walk that begins now; R and C stay
    slots.forget_twin(slot); // after the flush, when R and C have been read
    slots.turns();           // of the table that has the slots without their twins
};

} // namespace transom::hpt
