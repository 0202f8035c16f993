// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <transom/base/static_vector.hpp>

namespace transom::secure {

constexpr std::size_t private_key_size = 32;
constexpr std::size_t public_key_size = 65;
/// Bytes of entropy that a machine is handed at its start, and that each connection gets.
constexpr std::size_t seed_size = 32;

/// A number below the order of P-256, most significant byte first. Never logged.
using PrivateKey = std::array<std::byte, private_key_size>;
/// A point of P-256 as SEC 1 2.3.3 writes it without compression: 4, x, y.
using PublicKey = std::array<std::byte, public_key_size>;

/// Nothing where it is not a private key: zero, or not below the order.
std::optional<PublicKey> public_key_of(const PrivateKey& key);

/// A new private key from seed_size bytes that nobody else knows.
PrivateKey make_private_key(std::span<const std::byte, seed_size> seed);

/// Overwrites what must not be found in memory afterwards.
void wipe(std::span<std::byte> secret);

/// Whom this machine is, and whom it knows.
class Identity {
  public:
    static constexpr std::size_t max_peers = 16;

    Identity() = default;
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;

    /// False: it is not a private key.
    [[nodiscard]] bool set_own(const PrivateKey& key);
    /// Pins the key of a machine that may connect, and be connected to. False: there are max_peers.
    [[nodiscard]] bool add_peer(const PublicKey& key) { return peers_.push_back(key); }

    /// Whether connections can be made at all.
    bool complete() const { return has_own_ && !peers_.empty(); }
    const PrivateKey& own() const { return own_; }
    const PublicKey& own_public() const { return own_public_; }
    std::span<const PublicKey> peers() const { return peers_.span(); }

  private:
    bool has_own_ = false;
    PrivateKey own_{};
    PublicKey own_public_{};
    StaticVector<PublicKey, max_peers> peers_;
};

} // namespace transom::secure
