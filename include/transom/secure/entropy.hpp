// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bearssl.h>
#include <cstddef>
#include <span>
#include <transom/random/source.hpp>
#include <transom/secure/key.hpp>

namespace transom::secure {

/// What the keys of connections are made from: what the operator's tool handed over at this start, mixed with the processor's own generator where
/// it has one. Either is enough. The time base is mixed in too, which is no source: it keeps apart two starts that were handed the same.
/// HMAC_DRBG, NIST SP 800-90A 10.1.2.
class Entropy {
  public:
    /// `hardware`: null where the processor has no generator.
    explicit Entropy(random::Hardware hardware = nullptr);
    Entropy(const Entropy&) = delete;
    Entropy& operator=(const Entropy&) = delete;

    /// Mixes in bytes that nobody else knows; seed_size of them are enough.
    void absorb(std::span<const std::byte> secret);

    /// Whether there is something to make bytes from, as far as is known.
    bool usable() const { return hardware_ != nullptr || absorbed_ >= seed_size; }
    /// Fresh bytes for one connection. False: there is nothing to make them from.
    [[nodiscard]] bool draw(std::span<std::byte, seed_size> bytes);

  private:
    bool absorb_hardware();
    void absorb_time();

    random::Hardware hardware_;
    br_hmac_drbg_context state_;
    std::size_t absorbed_ = 0; // bytes, up to seed_size
};

} // namespace transom::secure
