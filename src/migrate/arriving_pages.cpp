// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <arch/real_memory.hpp>
#include <transom/migrate/arriving_pages.hpp>

namespace transom::migrate {

using memory::FrameState;

PageArrivals* ArrivingPages::begin(const PartitionShape& shape) {
    end();
    const Bytes pages = PageArrivals::room_for(shape.memory_size, shape.granule);
    const std::uint64_t table_words =
        TableArrivals::words_for(std::uint64_t{1} << (shape.table_log2 - papr::log2_entry_size));
    const Bytes size = RealAddr{pages + table_words * sizeof(std::uint64_t)}.align_up(memory::frame_size).value;
    const auto begin = frames_.allocate(size, memory::frame_size, FrameState::hypervisor, memory::Contents::any);
    if (!begin)
        return nullptr;
    memory_ = {*begin, size};
    cleared_ = 0;
    auto* const words = reinterpret_cast<std::uint64_t*>(arch::real_pointer(*begin));
    const std::uint64_t page_words = pages / sizeof(std::uint64_t);
    table_ = TableArrivals({words + page_words, table_words});
    return &pages_.emplace(shape.memory_size, shape.granule, std::span(words, page_words));
}

bool ArrivingPages::clear(std::uint64_t ticks) {
    const std::uint64_t began = arch::timebase();
    while (cleared_ != memory_.size) {
        frames_.zero({memory_.begin + cleared_, memory::frame_size});
        cleared_ += memory::frame_size;
        if (arch::timebase() - began >= ticks)
            break;
    }
    return cleared_ == memory_.size;
}

void ArrivingPages::end() {
    pages_.reset();
    table_ = {};
    partition_ = nullptr;
    if (!memory_.empty())
        frames_.release(memory_, FrameState::hypervisor);
    memory_ = {};
}

} // namespace transom::migrate
