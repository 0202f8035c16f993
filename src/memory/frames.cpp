// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/real_memory.hpp>
#include <bit>
#include <cstring>
#include <transom/base/panic.hpp>
#include <transom/memory/frames.hpp>
#include <utility>

namespace transom::memory {

namespace {

// Beside its state the table has one bit of each frame: it may hold something. Of a dirty one that is certain.
constexpr std::uint8_t not_zero = 0x80;

constexpr FrameState state_of(FrameState entry) {
    return static_cast<FrameState>(std::to_underlying(entry) & static_cast<std::uint8_t>(~not_zero));
}
constexpr bool may_hold_something(FrameState entry) { return (std::to_underlying(entry) & not_zero) != 0; }
constexpr FrameState with_contents(FrameState state) {
    return static_cast<FrameState>(std::to_underlying(state) | not_zero);
}
constexpr bool nobody_has(FrameState entry) {
    return state_of(entry) == FrameState::free || state_of(entry) == FrameState::dirty;
}

// Frame by frame: a run of frames is one piece of real memory, and the fake machine checks each address.
void scrub_frame(std::uint64_t index) { std::memset(arch::real_pointer(RealAddr{index * frame_size}), 0, frame_size); }

} // namespace

Frames::Frames(std::span<FrameState> states) : states_(states) { std::ranges::fill(states_, FrameState::absent); }

void Frames::add(RealRange range) {
    const std::uint64_t first = range.begin.value / frame_size + (range.begin.value % frame_size != 0);
    const std::uint64_t end = std::min<std::uint64_t>(range.end().value / frame_size, states_.size());
    for (std::uint64_t i = first; i < end; ++i)
        if (states_[i] == FrameState::absent)
            states_[i] = with_contents(FrameState::free);
}

void Frames::reserve(RealRange range, FrameState as) {
    invariant(as == FrameState::absent || as == FrameState::hypervisor, "only firmware and hypervisor reserve memory");
    if (range.empty())
        return;
    const std::uint64_t end = std::min<std::uint64_t>((range.end() - 1).value / frame_size + 1, states_.size());
    for (std::uint64_t i = range.begin.value / frame_size; i < end; ++i) {
        const FrameState state = state_of(states_[i]);
        invariant(state != FrameState::partition && state != FrameState::page_table && state != FrameState::dirty,
                  "reserve of memory that a partition has");
        if (state == FrameState::free)
            states_[i] = as;
    }
}

/// Behind the last frame that is all in the range.
std::uint64_t Frames::end_of(RealRange range) const {
    const std::uint64_t room = ~std::uint64_t{0} - range.begin.value;
    return std::min<std::uint64_t>((range.begin.value + std::min(range.size, room)) / frame_size, states_.size());
}

std::expected<RealAddr, FrameError> Frames::allocate(Bytes size, Bytes alignment, FrameState as, Contents contents,
                                                     RealRange within) {
    invariant(size != 0 && size % frame_size == 0, "size is no multiple of a frame");
    invariant(std::has_single_bit(alignment) && alignment >= frame_size, "alignment is no power of two of frames");
    invariant(as == FrameState::partition || as == FrameState::page_table || as == FrameState::hypervisor,
              "allocation without an owner");
    const std::uint64_t count = size / frame_size;
    const std::uint64_t step = alignment / frame_size;
    const std::uint64_t end = end_of(within);
    for (std::uint64_t first = within.begin.align_up(alignment).value / frame_size;
         first < end && count <= end - first;) {
        const auto run = states_.subspan(first, count);
        // From the end: the last frame in the way says how far the search can skip.
        const auto taken = std::find_if_not(run.rbegin(), run.rend(), nobody_has);
        if (taken == run.rend()) {
            for (FrameState& entry : run) {
                dirty_ -= state_of(entry) == FrameState::dirty ? 1 : 0;
                entry = may_hold_something(entry) ? with_contents(as) : as;
            }
            const RealAddr begin{first * frame_size};
            if (contents == Contents::zero)
                zero({begin, size});
            return begin;
        }
        const std::uint64_t behind = first + static_cast<std::uint64_t>(run.rend() - taken);
        first = (behind + step - 1) / step * step;
    }
    return std::unexpected(FrameError::none_left);
}

std::uint64_t Frames::count_free(Bytes size, RealRange within) const {
    invariant(std::has_single_bit(size) && size >= frame_size, "the size is no power of two of frames");
    const std::uint64_t count = size / frame_size, end = end_of(within);
    std::uint64_t pieces = 0;
    for (std::uint64_t first = within.begin.align_up(size).value / frame_size; first < end && count <= end - first;
         first += count)
        pieces += std::ranges::all_of(states_.subspan(first, count), nobody_has) ? 1 : 0;
    return pieces;
}

std::span<FrameState> Frames::run_of(RealRange range) const {
    invariant(range.begin.aligned(frame_size) && range.size % frame_size == 0, "part of a frame");
    const std::uint64_t first = range.begin.value / frame_size;
    const std::uint64_t count = range.size / frame_size;
    invariant(first <= states_.size() && count <= states_.size() - first, "memory that does not exist");
    return states_.subspan(first, count);
}

void Frames::zero(RealRange range) {
    const std::uint64_t first = range.begin.value / frame_size;
    const auto run = run_of(range);
    for (std::size_t i = 0; i < run.size(); ++i) {
        invariant(!nobody_has(run[i]), "zeroing of memory that nobody has");
        if (!may_hold_something(run[i]))
            continue;
        scrub_frame(first + i);
        run[i] = state_of(run[i]);
    }
}

bool Frames::is_zeroed(RealRange range) const { return std::ranges::none_of(run_of(range), may_hold_something); }

void Frames::release(RealRange range, FrameState was) {
    invariant(was == FrameState::partition || was == FrameState::page_table || was == FrameState::hypervisor,
              "release of memory that nobody has");
    const auto run = run_of(range);
    invariant(std::ranges::all_of(run, [was](FrameState entry) { return state_of(entry) == was; }),
              "release by who is not the owner");
    std::ranges::fill(run, with_contents(FrameState::dirty));
    dirty_ += run.size();
}

bool Frames::scrub_one() {
    if (dirty_ == 0)
        return false;
    bool found = false;
    while (!found) {
        found = state_of(states_[cursor_]) == FrameState::dirty;
        if (found) {
            scrub_frame(cursor_);
            states_[cursor_] = FrameState::free;
            --dirty_;
        }
        cursor_ = cursor_ + 1 == states_.size() ? 0 : cursor_ + 1;
        ++passed_;
    }
    return true;
}

// Once round from here.
std::uint64_t Frames::mark() const { return dirty_ == 0 ? passed_ : passed_ + states_.size(); }

Bytes Frames::total(FrameState state) const {
    if (state == FrameState::dirty)
        return dirty_ * frame_size; // asked for often
    const auto has_it = [state](FrameState entry) { return state_of(entry) == state; };
    return static_cast<Bytes>(std::ranges::count_if(states_, has_it)) * frame_size;
}

} // namespace transom::memory
