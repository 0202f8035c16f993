// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <transom/base/address.hpp>
#include <transom/memory/granule_bits.hpp>
#include <transom/memory/this_turn.hpp>
#include <transom/memory/write_watch.hpp>

namespace transom::memory {

/// Size of a logical memory block, the unit in which a partition gets memory.
constexpr Bytes block_size = mib(16);
/// Largest partition: 64 GiB.
constexpr std::size_t max_blocks = 4096;

enum class AccessError {
    outside, // not all of it is logical memory of the partition
    missing, // a page of it is not here now (during a migration, or a move within the machine): missed() says which; nothing was read or
             // written
};

/// A partition's logical memory: contiguous from logical 0, made of blocks that lie anywhere in real memory.
/// This is the only place where a logical address becomes a real one.
class LogicalMemory {
  public:
    /// Adds the next block. `real` is aligned to block_size. False: max_blocks reached.
    [[nodiscard]] bool add_block(RealAddr real);
    /// Forgets everything; the caller has taken the blocks back.
    void reset();

    Bytes size() const { return block_count_ * block_size; }
    bool contains(LogicalAddr address, Bytes n) const { return LogicalRange{{0}, size()}.contains(address, n); }
    std::size_t block_count() const { return block_count_; }
    RealAddr block(std::size_t index) const;
    /// The block is somewhere else from now on, with the same contents. It is closed, and nobody has a turn that began before that.
    void move_block(std::size_t index, RealAddr to);

    /// The real address of a logical one. The result is contiguous up to the end of the block.
    /// For building translations; loads and stores go through read and write. None where not all of [address, address + n)
    /// is in one block. The place is known before the contents are.
    std::optional<RealAddr> translate(LogicalAddr address, Bytes n = 1) const {
        const Bytes inside = address.value % block_size;
        if (address.value / block_size >= block_count_ || n > block_size - inside || n == 0)
            return {};
        return at(address.value / block_size) + inside;
    }

    /// Copies out of the partition's memory; any alignment, across blocks.
    std::expected<void, AccessError> read(LogicalAddr from, std::span<std::byte> to) const;
    /// Copies into the partition's memory and tells who watches.
    std::expected<void, AccessError> write(LogicalAddr to, std::span<const std::byte> from);
    /// Fills with zeros and tells who watches.
    std::expected<void, AccessError> clear(LogicalAddr to, Bytes n);

    /// From now on only granules whose bit in `present` is set can be accessed; the rest answers missing. Bit i of word
    /// w is granule 64 w + i. The words belong to the caller and cover size(). Nobody is in the partition.
    void limit_to_present(std::span<std::uint64_t> present, Bytes granule);
    /// Everything is here. Processors may still look into the words until each of them has been outside the partition once.
    void lift_limit() { limits_.fetch_and(static_cast<std::uint8_t>(~to_present), std::memory_order_release); }
    /// From now on, and until open(), whose turn in the partition begins cannot access this block: it answers missing. Whose turn began before
    /// is not hindered, so that no call of his fails half way: who closes waits until each processor has been outside once. One block at a time.
    void close(std::size_t block);
    void open() { limits_.fetch_and(static_cast<std::uint8_t>(~by_closing), std::memory_order_release); }
    /// A turn of the partition's begins on this processor, and who waits for those inside sees it there.
    void begin_turn() const {
        const bool closed = (limits_.load(std::memory_order_acquire) & by_closing) != 0;
        last_closing = closed ? closed_.load(std::memory_order_relaxed) : 0; // no closing has that number
    }
    /// Whether the page at that address is here, for whose turn begins now.
    bool here(LogicalAddr page) const { return !first_missing(page, 1); }
    /// Where the first page of that begins that is not here; n > 0.
    std::optional<LogicalAddr> first_missing(LogicalAddr from, Bytes n) const;
    /// The same of the last access on this processor that was answered missing.
    LogicalAddr missed() const;
    /// Whom write and clear tell from now on; null: nobody. Processors may be in the middle of either: until each of them has been
    /// outside the partition once, a new one may not hear of a write, and an old one may.
    void watch_writes(WriteWatch* watch) { watch_.store(watch, std::memory_order_release); }
    /// For tests of the callers: the n-th read, write or clear from now (1 is the next) answers missing, once.
    void inject_missing(std::uint32_t nth) { missing_in_ = nth; }

    /// A big-endian object of the partition's memory (papr structures are made of Be<> fields).
    template <class T> std::expected<T, AccessError> load(LogicalAddr from) const {
        T object;
        const auto done = read(from, std::as_writable_bytes(std::span(&object, 1)));
        if (!done)
            return std::unexpected(done.error());
        return object;
    }
    template <class T> std::expected<void, AccessError> store(LogicalAddr to, const T& object) {
        return write(to, std::as_bytes(std::span(&object, 1)));
    }

  private:
    // Why something may be missing.
    static constexpr std::uint8_t to_present = 1, by_closing = 2;
    static constexpr unsigned block_bits = 16;

    RealAddr at(std::size_t block) const { return blocks_[block].load(std::memory_order_relaxed); }
    std::optional<LogicalAddr> first_closed(LogicalRange range, std::uint64_t closed) const;
    std::optional<LogicalAddr> missing_in_turn(LogicalAddr address, Bytes n, std::uint8_t limits) const;
    std::expected<void, AccessError> check(LogicalAddr address, Bytes n) const;
    void tell(LogicalAddr from, Bytes n);

    std::size_t block_count_ = 0;
    std::array<std::atomic<RealAddr>, max_blocks> blocks_{};
    GranuleBits present_;
    std::atomic<std::uint8_t> limits_{0};
    std::atomic<std::uint64_t> closed_{0}; // the number of the last closing, and which block it was
    std::atomic<WriteWatch*> watch_{nullptr};
    mutable std::uint32_t missing_in_ = 0;
};

} // namespace transom::memory
