// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <transom/migrate/checksum.hpp>

namespace transom::manage {

/// A bundle that comes in pieces: where it goes, and whether it is what its sender says.
class Upload {
  public:
    /// `memory` is as large as what is to come, at least a byte.
    void begin(std::span<std::byte> memory, std::uint64_t digest);
    /// Whether more is to come.
    bool under_way() const { return arrived_ < memory_.size(); }
    /// Takes what is still missing; returns how much that was.
    std::size_t take(std::span<const std::byte> bytes);
    /// What it has come to: the memory belongs to the caller again.
    std::span<std::byte> end();
    /// Whether what has come has the digest that was announced.
    bool intact() const { return digest_.digest() == expected_; }

  private:
    std::span<std::byte> memory_;
    std::size_t arrived_ = 0;
    std::uint64_t expected_ = 0;
    migrate::Xxh64 digest_;
};

} // namespace transom::manage
