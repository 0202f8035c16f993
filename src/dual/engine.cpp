// SPDX-License-Identifier: Apache-2.0
#include <transom/dual/engine_impl.hpp>
#include <transom/dual/partition_engine.hpp>

namespace transom::hpt {

template class Table<dual::TwinSlots<RealSlots>>;

} // namespace transom::hpt

namespace transom::dual {

template class DualTable<TwinSlots<hpt::RealSlots>>;
template class Engine<hpt::RealSlots>;

} // namespace transom::dual
