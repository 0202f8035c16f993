// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/real_memory.hpp>
#include <bit>
#include <cstring>
#include <transom/base/panic.hpp>
#include <transom/memory/frames.hpp>

namespace transom::memory {

namespace {

void scrub(RealAddr begin, Bytes size) {
    // Frame by frame: a run of frames is one piece of real memory, and the fake machine checks each address.
    for (Bytes offset = 0; offset < size; offset += frame_size)
        std::memset(arch::real_pointer(begin + offset), 0, frame_size);
}

} // namespace

Frames::Frames(std::span<FrameState> states) : states_(states) { std::ranges::fill(states_, FrameState::absent); }

void Frames::add(RealRange range) {
    const std::uint64_t first = range.begin.value / frame_size + (range.begin.value % frame_size != 0);
    const std::uint64_t end = std::min<std::uint64_t>(range.end().value / frame_size, states_.size());
    for (std::uint64_t i = first; i < end; ++i)
        if (states_[i] == FrameState::absent)
            states_[i] = FrameState::free;
}

void Frames::reserve(RealRange range, FrameState as) {
    invariant(as == FrameState::absent || as == FrameState::hypervisor, "only firmware and hypervisor reserve memory");
    if (range.empty())
        return;
    const std::uint64_t end = std::min<std::uint64_t>((range.end() - 1).value / frame_size + 1, states_.size());
    for (std::uint64_t i = range.begin.value / frame_size; i < end; ++i) {
        invariant(states_[i] != FrameState::partition && states_[i] != FrameState::page_table,
                  "reserve of memory that a partition has");
        if (states_[i] == FrameState::free)
            states_[i] = as;
    }
}

std::expected<RealAddr, FrameError> Frames::allocate(Bytes size, Bytes alignment, FrameState as) {
    invariant(size != 0 && size % frame_size == 0, "size is no multiple of a frame");
    invariant(std::has_single_bit(alignment) && alignment >= frame_size, "alignment is no power of two of frames");
    invariant(as != FrameState::free && as != FrameState::absent, "allocation without an owner");
    const std::uint64_t count = size / frame_size;
    const std::uint64_t step = alignment / frame_size;
    for (std::uint64_t first = 0; first < states_.size() && count <= states_.size() - first;) {
        const auto run = states_.subspan(first, count);
        // From the end: the last frame in the way says how far the search can skip.
        const auto taken = std::find_if(run.rbegin(), run.rend(), [](FrameState s) { return s != FrameState::free; });
        if (taken == run.rend()) {
            std::ranges::fill(run, as);
            const RealAddr begin{first * frame_size};
            scrub(begin, size);
            return begin;
        }
        const std::uint64_t behind = first + static_cast<std::uint64_t>(run.rend() - taken);
        first = (behind + step - 1) / step * step;
    }
    return std::unexpected(FrameError::none_left);
}

void Frames::release(RealRange range, FrameState was) {
    invariant(was != FrameState::free && was != FrameState::absent, "release of memory that nobody has");
    invariant(range.begin.aligned(frame_size) && range.size % frame_size == 0, "release of part of a frame");
    const std::uint64_t first = range.begin.value / frame_size;
    const std::uint64_t count = range.size / frame_size;
    invariant(first <= states_.size() && count <= states_.size() - first, "release of memory that does not exist");
    const auto run = states_.subspan(first, count);
    invariant(std::ranges::all_of(run, [was](FrameState s) { return s == was; }), "release by who is not the owner");
    scrub(range.begin, range.size);
    std::ranges::fill(run, FrameState::free);
}

FrameState Frames::state(RealAddr address) const {
    const std::uint64_t index = address.value / frame_size;
    return index < states_.size() ? states_[index] : FrameState::absent;
}

Bytes Frames::total(FrameState state) const {
    return static_cast<Bytes>(std::ranges::count(states_, state)) * frame_size;
}

} // namespace transom::memory
