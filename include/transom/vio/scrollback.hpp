// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace transom::vio {

/// The last that a partition has written to a terminal, for whoever comes later; in memory that belongs to somebody else, and
/// without any it keeps nothing. It does not move with the partition.
class Scrollback {
  public:
    Scrollback() = default;
    explicit Scrollback(std::span<std::uint8_t> memory) : memory_(memory) {}

    void add(std::span<const std::uint8_t> written);
    /// How much is kept.
    std::size_t size() const { return size_; }
    /// Copies what begins `from_end` bytes before the end, up to to.size() of it; returns how many bytes that was.
    std::size_t copy(std::size_t from_end, std::span<std::uint8_t> to) const;

  private:
    std::span<std::uint8_t> memory_;
    std::size_t end_ = 0; // where the next byte goes
    std::size_t size_ = 0;
};

/// Of each terminal.
constexpr std::size_t scrollback_size = 64 << 10;

} // namespace transom::vio
