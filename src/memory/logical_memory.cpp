// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/real_memory.hpp>
#include <cstring>
#include <transom/base/panic.hpp>
#include <transom/memory/last_missed.hpp>
#include <transom/memory/logical_memory.hpp>

namespace transom::memory {

namespace {

/// Calls visit(real pointer, offset, length) for each piece of [address, address + n) that lies in one block.
template <class Visit> void for_each_piece(const LogicalMemory& memory, LogicalAddr address, Bytes n, Visit visit) {
    for (Bytes offset = 0; offset < n;) {
        const LogicalAddr at = address + offset;
        const Bytes inside = at.value % block_size;
        const Bytes length = std::min(n - offset, block_size - inside);
        visit(arch::real_pointer(memory.block(at.value / block_size) + inside), offset, length);
        offset += length;
    }
}

} // namespace

bool LogicalMemory::add_block(RealAddr real) {
    invariant(real.aligned(block_size), "memory block is not aligned");
    invariant(!limited_.load(std::memory_order_relaxed) && watch_.load(std::memory_order_relaxed) == nullptr,
              "memory block added while its granules are tracked");
    if (block_count_ == max_blocks)
        return false;
    blocks_[block_count_++] = real;
    return true;
}

void LogicalMemory::reset() {
    block_count_ = 0;
    lift_limit();
    watch_writes(nullptr);
    missing_in_ = 0;
}

RealAddr LogicalMemory::block(std::size_t index) const {
    invariant(index < block_count_, "no such memory block");
    return blocks_[index];
}

std::expected<void, AccessError> LogicalMemory::check(LogicalAddr address, Bytes n) const {
    if (!contains(address, n))
        return std::unexpected(AccessError::outside);
    if (missing_in_ != 0 && --missing_in_ == 0) [[unlikely]]
        return std::unexpected(AccessError::missing);
    if (n == 0 || !limited_.load(std::memory_order_acquire)) [[likely]]
        return {};
    const auto missing = present_.first_unset(address, n);
    if (!missing)
        return {};
    last_missed = *missing;
    return std::unexpected(AccessError::missing);
}

std::optional<LogicalAddr> LogicalMemory::first_missing(LogicalAddr from, Bytes n) const {
    if (!limited_.load(std::memory_order_acquire))
        return {};
    return present_.first_unset(from, n);
}

LogicalAddr LogicalMemory::missed() const { return last_missed; }

std::expected<void, AccessError> LogicalMemory::read(LogicalAddr from, std::span<std::byte> to) const {
    if (const auto allowed = check(from, to.size()); !allowed)
        return allowed;
    for_each_piece(*this, from, to.size(), [&](const std::byte* piece, Bytes offset, Bytes length) {
        std::memcpy(to.data() + offset, piece, length);
    });
    return {};
}

std::expected<void, AccessError> LogicalMemory::write(LogicalAddr to, std::span<const std::byte> from) {
    if (const auto allowed = check(to, from.size()); !allowed)
        return allowed;
    for_each_piece(*this, to, from.size(), [&](std::byte* piece, Bytes offset, Bytes length) {
        std::memcpy(piece, from.data() + offset, length);
    });
    tell(to, from.size());
    return {};
}

std::expected<void, AccessError> LogicalMemory::clear(LogicalAddr to, Bytes n) {
    if (const auto allowed = check(to, n); !allowed)
        return allowed;
    for_each_piece(*this, to, n, [](std::byte* piece, Bytes, Bytes length) { std::memset(piece, 0, length); });
    tell(to, n);
    return {};
}

void LogicalMemory::limit_to_present(std::span<std::uint64_t> present, Bytes granule) {
    present_ = {present, granule};
    invariant(present_.covers(size()), "presence bitmap is too small");
    limited_.store(true, std::memory_order_release);
}

/// After the store, so that who hears of it and copies has the new contents.
void LogicalMemory::tell(LogicalAddr from, Bytes n) {
    WriteWatch* const watch = watch_.load(std::memory_order_relaxed);
    if (watch == nullptr || n == 0) [[likely]]
        return;
    std::atomic_thread_fence(std::memory_order_acquire); // only where there is one to be looked into
    watch->written(from, n);
}

} // namespace transom::memory
