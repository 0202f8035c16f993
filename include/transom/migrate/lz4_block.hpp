// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace transom::migrate {

/// Makes LZ4 blocks, without a heap. What is left in it of one call matters to no other.
class Lz4Compressor {
  public:
    static constexpr std::size_t state_size = 16416; // of an LZ4_stream_t

    Lz4Compressor();
    Lz4Compressor(const Lz4Compressor&) = delete;
    Lz4Compressor& operator=(const Lz4Compressor&) = delete;

    /// The bytes at the beginning of `out` that are the block. 0: it would take more than `out` has.
    std::size_t compress(std::span<const std::byte> in, std::span<std::byte> out);

  private:
    void begin();

    alignas(std::uint64_t) std::array<std::byte, state_size> state_;
};

/// Fills `out` from a block that may be anything. Nothing beside `out` is written or, beside `in`, read. False: it is no block, or one of
/// more or fewer bytes; what is in `out` is rubbish then.
[[nodiscard]] bool lz4_decompress(std::span<const std::byte> in, std::span<std::byte> out);

} // namespace transom::migrate
