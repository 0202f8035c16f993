// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/real_memory.hpp>
#include <transom/migrate/copy_room.hpp>

namespace transom::migrate {

using memory::FrameState;

namespace {

constexpr Bytes least = mib(1), most = mib(16);

/// Of what is free the move needs some for more important things.
constexpr Bytes spare(Bytes free) { return free / 8; }

} // namespace

std::span<std::byte> CopyRoom::begin(Bytes partition_memory) {
    end();
    const Bytes size = std::clamp(partition_memory / 16 / memory::frame_size * memory::frame_size, least, most);
    if (size > spare(frames_.available()))
        return {};
    const auto begin = frames_.allocate(size, memory::frame_size, FrameState::hypervisor, memory::Contents::any);
    if (!begin)
        return {};
    memory_ = {*begin, size};
    return {arch::real_pointer(*begin), size};
}

void CopyRoom::end() {
    if (!memory_.empty())
        frames_.release(memory_, FrameState::hypervisor);
    memory_ = {};
}

} // namespace transom::migrate
