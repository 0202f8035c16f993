// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

namespace transom::tool {

/// What a stream has said of a granule last.
enum class GranuleKind : std::uint8_t { unsent, data, zero };

/// What a stream has said of a partition's memory: a byte for each granule, and no more than the largest partition has.
class StreamGranules {
  public:
    /// As hello says it.
    void begin(std::uint64_t memory_bytes, std::uint64_t granule_bytes);
    /// `count` granules from `first` on. False: some of them are beyond the partition's memory; they are not counted.
    bool note(std::uint64_t first, std::uint64_t count, GranuleKind kind);
    /// A granule that came in full, and all its bytes are zero.
    void note_needless() { ++needless_; }
    /// The partition stands still from now on.
    void stop() { stopped_ = true; }

    std::uint64_t sent_in_full() const { return in_full_; }
    std::uint64_t sent_as_zero() const { return as_zero_; }
    /// By their last kind, and how many were sent again.
    nlohmann::ordered_json json() const;

  private:
    struct Granule {
        std::uint8_t word = 0;
        static constexpr std::uint8_t kinds = 3, sent_again = 4;
        GranuleKind kind() const { return static_cast<GranuleKind>(word & kinds); }
        bool again() const { return (word & sent_again) != 0; }
    };
    std::vector<Granule> granules_;
    std::uint64_t in_full_ = 0, as_zero_ = 0, resends_ = 0, after_stop_ = 0, needless_ = 0;
    bool stopped_ = false;
};

} // namespace transom::tool
