// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <transom/base/address.hpp>
#include <transom/base/panic.hpp>

namespace transom::memory {

/// A bit per granule of a partition's memory, in words that belong to somebody else; shared by all processors. Without
/// words it is off.
class GranuleBits {
  public:
    constexpr GranuleBits() = default;
    GranuleBits(std::span<std::uint64_t> words, Bytes granule)
        : words_(words), shift_(static_cast<unsigned>(std::countr_zero(granule))) {
        invariant(std::has_single_bit(granule), "granule is no power of two");
    }

    bool on() const { return !words_.empty(); }
    bool covers(Bytes memory_size) const { return words_.size() * 64 >= memory_size >> shift_; }

    /// Whether the bit of each granule that [address, address + n) touches is set; n > 0.
    bool all(LogicalAddr address, Bytes n) const {
        for (std::uint64_t g = address.value >> shift_; g <= (address.value + n - 1) >> shift_; ++g)
            if ((std::atomic_ref(words_[g / 64]).load(std::memory_order_acquire) >> g % 64 & 1) == 0)
                return false;
        return true;
    }
    /// Where the first of them begins whose bit is not set.
    std::optional<LogicalAddr> first_unset(LogicalAddr address, Bytes n) const {
        for (std::uint64_t g = address.value >> shift_; g <= (address.value + n - 1) >> shift_; ++g)
            if (!all({g << shift_}, 1))
                return LogicalAddr{g << shift_};
        return {};
    }
    void set(LogicalAddr address, Bytes n) const {
        for (std::uint64_t g = address.value >> shift_; g <= (address.value + n - 1) >> shift_; ++g)
            std::atomic_ref(words_[g / 64]).fetch_or(std::uint64_t{1} << g % 64, std::memory_order_release);
    }

  private:
    std::span<std::uint64_t> words_;
    unsigned shift_ = 16;
};

} // namespace transom::memory
