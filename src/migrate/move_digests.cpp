// SPDX-License-Identifier: Apache-2.0
#include <arch/real_memory.hpp>
#include <new>
#include <transom/migrate/move_digests.hpp>
#include <type_traits>
#include <utility>

namespace transom::migrate {

using memory::FrameState;

std::span<std::uint64_t> MoveDigests::words(const Table& table) {
    static_assert(sizeof(Table) % sizeof(std::uint64_t) == 0);
    return {reinterpret_cast<std::uint64_t*>(arch::real_pointer(table.memory.begin + sizeof(Table))),
            (table.memory.size - sizeof(Table)) / sizeof(std::uint64_t)};
}

void MoveDigests::release(Table*& table) {
    static_assert(std::is_trivially_destructible_v<Table>);
    if (table == nullptr)
        return;
    const RealRange memory = table->memory;
    table = nullptr;
    frames_.release(memory, FrameState::hypervisor);
}

Bytes MoveDigests::size_for(const PartitionShape& shape) {
    return RealAddr{sizeof(Table) + shape.granules() * sizeof(std::uint64_t)}.align_up(memory::frame_size).value;
}

std::optional<std::span<std::uint64_t>> MoveDigests::begin(const PartitionShape& shape, Table*& table) {
    release(table);
    const Bytes size = size_for(shape);
    // A table is kept only when the move has filled all of it.
    const auto real = frames_.allocate(size, memory::frame_size, FrameState::hypervisor, memory::Contents::any);
    if (!real)
        return std::nullopt;
    table = new (arch::real_pointer(*real)) Table{
        .memory = {*real, size}, .granules = shape.granules(), .granule = shape.granule, .name = shape.name_storage};
    return words(*table).first(shape.granules());
}

std::optional<std::span<std::uint64_t>> MoveDigests::begin_arriving(const PartitionShape& shape) {
    return begin(shape, arriving_);
}

std::optional<std::span<std::uint64_t>> MoveDigests::begin_leaving(const PartitionShape& shape) {
    if (const auto beside = begin(shape, leaving_))
        return beside;
    release(kept_);
    return begin(shape, leaving_);
}

void MoveDigests::keep(Table*& table) {
    if (table == nullptr)
        return;
    release(kept_);
    kept_ = std::exchange(table, nullptr);
}

void MoveDigests::keep_arrived() { keep(arriving_); }

void MoveDigests::forget(std::string_view name) {
    if (kept_ != nullptr && kept_->is_of(name))
        release(kept_);
}

std::span<const std::uint64_t> MoveDigests::of(std::string_view name) const {
    if (kept_ == nullptr || !kept_->is_of(name))
        return {};
    return words(*kept_).first(kept_->granules);
}

} // namespace transom::migrate
