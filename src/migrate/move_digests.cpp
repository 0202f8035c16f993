// SPDX-License-Identifier: Apache-2.0
#include <arch/real_memory.hpp>
#include <transom/migrate/move_digests.hpp>
#include <utility>

namespace transom::migrate {

using memory::FrameState;

std::span<std::uint64_t> MoveDigests::words(const Table& table) {
    return {reinterpret_cast<std::uint64_t*>(arch::real_pointer(table.memory.begin)),
            table.memory.size / sizeof(std::uint64_t)};
}

void MoveDigests::release(Table& table) {
    if (!table.memory.empty())
        frames_.release(table.memory, FrameState::hypervisor);
    table = {};
}

std::optional<MoveDigests::Words> MoveDigests::begin(const PartitionShape& shape) {
    drop();
    const std::uint64_t granules = shape.granules();
    const std::uint64_t count = granules + (granules + 63) / 64;
    const Bytes size = RealAddr{count * sizeof(std::uint64_t)}.align_up(memory::frame_size).value;
    // A table is kept only when the move has filled all of it.
    const auto take = [&] {
        return frames_.allocate(size, memory::frame_size, FrameState::hypervisor, memory::Contents::any);
    };
    auto real = take();
    if (!real) {
        release(kept_);
        real = take();
    }
    if (!real)
        return std::nullopt;
    making_ = {{*real, size}, granules, shape.granule, shape.name_storage};
    return Words{words(making_).first(granules), words(making_).subspan(granules)};
}

void MoveDigests::keep(std::string_view name) {
    if (making_.memory.empty() || name != std::string_view(making_.name.data()))
        return;
    release(kept_);
    kept_ = std::exchange(making_, {});
}

std::span<const std::uint64_t> MoveDigests::of(std::string_view name) const {
    if (kept_.memory.empty() || name != std::string_view(kept_.name.data()))
        return {};
    return words(kept_).first(kept_.granules);
}

} // namespace transom::migrate
