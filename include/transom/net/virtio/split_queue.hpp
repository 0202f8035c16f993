// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <transom/base/address.hpp>

namespace transom::net::virtio {

/// What a device can do wrong with a ring. It is not to be used any more then.
enum class RingError : std::uint8_t {
    index_jumped,   // more used entries than buffers given
    unknown_buffer, // a used entry names a buffer that the device does not have
    bad_length,     // more bytes written than the buffer has
};

/// A split virtqueue, the driver's side (virtio 1.0, 2.4). What the driver believes is kept here and not read back from the
/// rings, so that a device that writes nonsense gets an error and nothing else.
class SplitQueue {
  public:
    static constexpr std::uint16_t max_size = 256;

    /// A part of a buffer, contiguous in real memory.
    struct Piece {
        RealAddr address;
        std::uint32_t length = 0;
    };
    /// A buffer that the device gives back. `id` is what add() answered; `length` is how much the device wrote.
    struct Used {
        std::uint16_t id = 0;
        std::uint32_t length = 0;
    };

    /// Ring memory that a queue of `size` buffers needs; it starts at a multiple of `alignment`.
    static constexpr Bytes bytes_needed(std::uint16_t size) { return used_offset(size) + 6 + 8 * Bytes{size}; }
    static constexpr Bytes alignment = 64;

    /// Makes it empty. `size` is a power of two up to max_size; `memory` has bytes_needed(size) and is zeroed.
    void init(std::span<std::byte> memory, std::uint16_t size);

    std::uint16_t size() const { return size_; }
    RealAddr descriptor_area() const;
    RealAddr driver_area() const;
    RealAddr device_area() const;

    /// Queues one buffer, all for the device to read or all for it to write; the device sees it at publish().
    /// nullopt: not that many descriptors free.
    std::optional<std::uint16_t> add(std::span<const Piece> pieces, bool device_writes);
    /// Shows what was added; true where the device wants to be notified of it.
    bool publish();
    /// Whether the device interrupts when it gives a buffer back; at first it does not. What it gave back before this came into force
    /// interrupts nobody: take_used() has to be asked once more.
    void want_interrupts(bool wanted);
    /// The next buffer that the device has done with; nullopt where there is none.
    std::expected<std::optional<Used>, RingError> take_used();

  private:
    static constexpr Bytes avail_offset(std::uint16_t size) { return 16 * Bytes{size}; }
    static constexpr Bytes used_offset(std::uint16_t size) {
        return (avail_offset(size) + 6 + 2 * Bytes{size} + 3) & ~Bytes{3};
    }
    std::uint16_t mask() const { return static_cast<std::uint16_t>(size_ - 1); }

    /// Per descriptor; the chain facts are those of the buffer that starts there.
    struct Shadow {
        std::uint16_t next = 0;         // in the chain or in the free list
        std::uint16_t chain_length = 0; // 0: no buffer of the device starts here
        std::uint32_t writable = 0;     // bytes that the device may write
    };

    std::byte* memory_ = nullptr;
    std::uint16_t size_ = 0;
    std::uint16_t free_head_ = 0;
    std::uint16_t free_count_ = 0;
    std::uint16_t avail_index_ = 0;     // of the next entry to add
    std::uint16_t published_index_ = 0; // what the device was shown
    std::uint16_t used_index_ = 0;      // of the next entry to take
    std::uint16_t in_flight_ = 0;       // buffers that the device was shown and has not given back
    std::array<Shadow, max_size> shadow_{};
};

} // namespace transom::net::virtio
