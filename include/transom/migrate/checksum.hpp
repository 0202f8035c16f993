// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace transom::migrate {

/// XXH64. Integer arithmetic only: it may run while a partition's FP and vector registers are in the machine.
std::uint64_t xxh64(std::span<const std::byte> bytes, std::uint64_t seed = 0);

/// The same of bytes that come in pieces.
class Xxh64 {
  public:
    Xxh64();
    void add(std::span<const std::byte> bytes);
    /// Of all that came so far.
    std::uint64_t digest() const;

  private:
    alignas(8) std::array<std::byte, 88> state_{};
};

} // namespace transom::migrate
