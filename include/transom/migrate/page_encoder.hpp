// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <transom/migrate/compression_choice.hpp>
#include <transom/migrate/lz4_block.hpp>
#include <transom/migrate/record.hpp>
#include <transom/migrate/sent_copies.hpp>

namespace transom::migrate {

/// At the source: makes of a page's copy the record that takes fewer bytes, where looking for one pays. A page that goes again and again
/// goes as what has changed since the last time.
class PageEncoder {
  public:
    struct Encoded {
        RecordType type;
        std::size_t size; // of the payload
    };

    /// For a move that begins. `room` is the owner's, for copies of pages; it may be empty.
    void begin(Bytes granule, std::span<std::byte> room);
    /// `payload` has a PageRecord and the granule's bytes, which nobody changes. It becomes the payload of the record that is answered, and
    /// that goes by `lane`: what comes by one comes in its order. `again`: it is not the first copy of this page.
    Encoded encode(std::span<std::byte> payload, std::uint32_t lane, bool again);
    /// By which lane a copy of the page can go as what has changed.
    std::optional<std::uint32_t> lane_of(std::uint64_t index);
    /// The page goes in another way.
    void forget(std::uint64_t index) { copies_.forget({index}); }
    /// It is not known any more what the target has: from now on each page goes as it is.
    void forget_all() { copies_ = {}; }
    /// The move is over: forgets the room, and overwrites what is left of pages in the encoder.
    void end();

  private:
    Encoded put_delta(std::span<std::byte> payload, std::uint32_t lane);
    Encoded pack(std::span<std::byte> payload);

    CompressionChoice compression_;
    Lz4Compressor lz4_;
    SentCopies copies_;
    std::array<std::byte, max_granule> work_{};
};

} // namespace transom::migrate
