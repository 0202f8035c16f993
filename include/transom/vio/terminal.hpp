// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <transom/interrupt/sources.hpp>
#include <transom/vio/scrollback.hpp>

namespace transom::vio {

/// Bytes in order, up to a fixed number of them. Plain state, so that the migration stream can carry it.
template <std::size_t capacity> struct ByteRing {
    std::array<std::uint8_t, capacity> bytes{};
    std::uint32_t first = 0; // index of the oldest byte
    std::uint32_t count = 0;

    std::size_t space() const { return capacity - count; }
    bool empty() const { return count == 0; }

    /// Takes as many as there is space for and returns how many that was.
    std::size_t push(std::span<const std::uint8_t> from) {
        const std::size_t n = from.size() < space() ? from.size() : space();
        for (std::size_t i = 0; i < n; ++i)
            bytes[(first + count + i) % capacity] = from[i];
        count += static_cast<std::uint32_t>(n);
        return n;
    }
    /// Gives up to to.size() of the oldest and returns how many that was.
    std::size_t pop(std::span<std::uint8_t> to) {
        const std::size_t n = to.size() < count ? to.size() : count;
        for (std::size_t i = 0; i < n; ++i)
            to[i] = bytes[(first + i) % capacity];
        first = static_cast<std::uint32_t>((first + n) % capacity);
        count -= static_cast<std::uint32_t>(n);
        return n;
    }
};

/// Unit address of the partition's first virtual terminal (/vdevice/vty@71000000) and its interrupt source, a message one.
/// Those of the others follow.
constexpr std::uint64_t terminal_unit = 0x71000000;
constexpr std::uint32_t terminal_source = interrupt::first_source;
constexpr std::uint32_t max_terminals = 4;

/// Most bytes that one H_PUT_TERM_CHAR or H_GET_TERM_CHAR carries.
constexpr std::size_t term_chars = 16;

/// A virtual terminal of a partition. Both rings are state that moves with the partition.
struct Terminal {
    ByteRing<4096> output;     // written by the partition, drained to the machine's console
    ByteRing<512> input;       // typed, waiting for the partition
    std::uint32_t session = 0; // the operator's connection that has it, 0: none; not part of what moves
    Scrollback scrollback;     // what was taken out of `output`; not part of what moves either

    /// The partition writes: all of it, or nothing and false where it does not fit.
    [[nodiscard]] bool write(std::span<const std::uint8_t> from) {
        if (from.size() > output.space())
            return false;
        output.push(from);
        return true;
    }
    /// Somebody types; what does not fit is not taken. Returns how many bytes were taken. The partition is interrupted by
    /// that source when there was nothing for it to read before. LoPAR "Vterm", Interrupts.
    std::size_t type(interrupt::Sources& sources, std::uint32_t source, std::span<const std::uint8_t> from);
};

} // namespace transom::vio
