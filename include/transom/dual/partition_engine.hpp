// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/dual/engine.hpp>
#include <transom/hpt/real_slots.hpp>

namespace transom::dual {

extern template class DualTable<TwinSlots<hpt::RealSlots>>;
extern template class Engine<hpt::RealSlots>;

/// That of a partition on a machine.
class PartitionEngine final : public Engine<hpt::RealSlots> {};

} // namespace transom::dual
