// SPDX-License-Identifier: Apache-2.0
#include <arch/real_memory.hpp>
#include <transom/migrate/arriving_pages.hpp>

namespace transom::migrate {

using memory::FrameState;

PageArrivals* ArrivingPages::begin(const PartitionShape& shape) {
    end();
    const Bytes room = PageArrivals::room_for(shape.memory_size, shape.granule);
    const Bytes size = RealAddr{room}.align_up(memory::frame_size).value;
    const auto begin = frames_.allocate(size, memory::frame_size, FrameState::hypervisor);
    if (!begin)
        return nullptr;
    memory_ = {*begin, size};
    return &pages_.emplace(
        shape.memory_size, shape.granule,
        std::span(reinterpret_cast<std::uint64_t*>(arch::real_pointer(*begin)), room / sizeof(std::uint64_t)));
}

void ArrivingPages::end() {
    pages_.reset();
    partition_ = nullptr;
    if (!memory_.empty())
        frames_.release(memory_, FrameState::hypervisor);
    memory_ = {};
}

} // namespace transom::migrate
