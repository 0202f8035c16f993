// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <transom/base/spin_lock.hpp>
#include <transom/random/chacha20.hpp>

namespace transom::random {

/// The hardware's own generator: one number that is as random as the processor can make it, or nothing.
using Hardware = std::optional<std::uint64_t> (*)();

/// Random numbers for partitions. Where the processor has a generator, each number comes from it. Elsewhere they come from
/// ChaCha20, whose key is replaced by each block, so that nobody who sees the state learns what was given out before. Its
/// seed is what was absorbed; nothing is given out before that is worth 256 bits.
class Source {
  public:
    /// `hardware`: null where the processor has none.
    explicit Source(Hardware hardware = nullptr) : hardware_(hardware) {}

    /// Mixes bytes into the seed that nobody else can know. `bits`: what they are certain to be worth.
    void absorb(std::span<const std::byte> secret, std::uint32_t bits);

    /// Whether there is anything to draw from.
    bool usable() const { return hardware_ != nullptr || seed_bits_ >= enough_bits; }

    /// Nothing: the hardware failed and no seed can take its place, or the source is not usable.
    std::optional<std::uint64_t> draw();

  private:
    static constexpr std::uint32_t enough_bits = 256;
    std::uint64_t generate();

    Hardware hardware_;
    SpinLock lock_; // of what is below
    ChaChaKey key_{};
    std::uint32_t seed_bits_ = 0;
};

} // namespace transom::random
