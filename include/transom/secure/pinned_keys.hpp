// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bearssl.h>
#include <cstddef>
#include <span>
#include <transom/net/byte_stream.hpp>
#include <transom/secure/key.hpp>

namespace transom::secure {

/// Decides during a handshake whether the peer's key is one that is known: BearSSL's X.509 engine over a list of keys. That the
/// peer has the private key to it BearSSL finds out by a signature.
class PinnedKeys {
  public:
    /// Before each handshake; `pinned` outlives it.
    void begin(std::span<const PublicKey> pinned);
    const br_x509_class** engine() { return &class_; }
    /// Which of them the peer has shown; none: no one of them, or not yet.
    net::PeerKey shown() const;

  private:
    static const br_x509_class its_class;
    void append(std::span<const std::byte> bytes);

    const br_x509_class* class_ = nullptr; // first: BearSSL knows the object by the address of this
    std::span<const PublicKey> pinned_;
    PublicKey shown_{};
    std::size_t length_ = 0; // of what the peer has shown
    br_x509_pkey key_{};
};

} // namespace transom::secure
