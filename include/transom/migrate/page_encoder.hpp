// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <transom/migrate/compression_choice.hpp>
#include <transom/migrate/lz4_block.hpp>
#include <transom/migrate/record.hpp>

namespace transom::migrate {

/// At the source: makes of a page's copy the record that takes fewer bytes, where looking for one pays.
class PageEncoder {
  public:
    struct Encoded {
        RecordType type;
        std::size_t size; // of the payload
    };

    /// For a move that begins.
    void begin() { compression_ = {}; }
    /// `payload` has a PageRecord and the granule's bytes, which nobody changes. It becomes the payload of the record that is answered.
    Encoded encode(std::span<std::byte> payload);
    /// Overwrites what is left of pages.
    void erase() { std::ranges::fill(work_, std::byte{0}); }

  private:
    CompressionChoice compression_;
    Lz4Compressor lz4_;
    std::array<std::byte, max_granule> work_{};
};

} // namespace transom::migrate
