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
    invariant(limits_.load(std::memory_order_relaxed) == 0 && watch_.load(std::memory_order_relaxed) == nullptr,
              "memory block added while its granules are tracked");
    if (block_count_ == max_blocks)
        return false;
    blocks_[block_count_++].store(real, std::memory_order_relaxed);
    return true;
}

void LogicalMemory::reset() {
    block_count_ = 0;
    limits_.store(0, std::memory_order_release);
    watch_writes(nullptr);
    missing_in_ = 0;
}

RealAddr LogicalMemory::block(std::size_t index) const {
    invariant(index < block_count_, "no such memory block");
    return at(index);
}

void LogicalMemory::move_block(std::size_t index, RealAddr to) {
    invariant(to.aligned(block_size), "memory block is not aligned");
    const LogicalRange block{{index * block_size}, block_size};
    invariant(first_missing(block.begin, block.size) == block.begin, "a memory block moves that is open");
    blocks_[index].store(to, std::memory_order_relaxed);
}

void LogicalMemory::close(std::size_t block) {
    invariant(block < block_count_, "no such memory block");
    const std::uint64_t number = (closed_.load(std::memory_order_relaxed) >> block_bits) + 1;
    closed_.store(number << block_bits | block, std::memory_order_release);
    const std::uint8_t before = limits_.fetch_or(by_closing, std::memory_order_seq_cst);
    invariant((before & by_closing) == 0, "two memory blocks are closed at once");
}

std::optional<LogicalAddr> LogicalMemory::first_closed(LogicalRange range, std::uint64_t closed) const {
    const LogicalRange block{{(closed & ((std::uint64_t{1} << block_bits) - 1)) * block_size}, block_size};
    return block.overlaps(range) ? std::optional(std::max(block.begin, range.begin)) : std::nullopt;
}

/// For whose turn began before the closing nothing is closed.
std::optional<LogicalAddr> LogicalMemory::missing_in_turn(LogicalAddr address, Bytes n, std::uint8_t limits) const {
    if ((limits & by_closing) != 0)
        if (const std::uint64_t closed = closed_.load(std::memory_order_acquire); closed == last_closing)
            if (const auto first = first_closed({address, n}, closed))
                return first;
    return (limits & to_present) != 0 ? present_.first_unset(address, n) : std::nullopt;
}

std::expected<void, AccessError> LogicalMemory::check(LogicalAddr address, Bytes n) const {
    if (!contains(address, n))
        return std::unexpected(AccessError::outside);
    if (missing_in_ != 0 && --missing_in_ == 0) [[unlikely]]
        return std::unexpected(AccessError::missing);
    const std::uint8_t limits = limits_.load(std::memory_order_acquire);
    if (n == 0 || limits == 0) [[likely]]
        return {};
    const auto missing = missing_in_turn(address, n, limits);
    if (!missing)
        return {};
    last_missed = *missing;
    return std::unexpected(AccessError::missing);
}

std::optional<LogicalAddr> LogicalMemory::first_missing(LogicalAddr from, Bytes n) const {
    const std::uint8_t limits = limits_.load(std::memory_order_acquire);
    if ((limits & by_closing) != 0)
        if (const auto first = first_closed({from, n}, closed_.load(std::memory_order_relaxed)))
            return first;
    return (limits & to_present) != 0 ? present_.first_unset(from, n) : std::nullopt;
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
    limits_.fetch_or(to_present, std::memory_order_release);
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
