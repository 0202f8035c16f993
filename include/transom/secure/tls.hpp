// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bearssl.h>
#include <cstddef>
#include <cstdint>
#include <span>
#include <transom/net/byte_stream.hpp>
#include <transom/secure/key.hpp>
#include <transom/secure/pinned_keys.hpp>

namespace transom::secure {

/// What one record adds to its contents: five bytes of header, sixteen of tag (RFC 7905).
constexpr std::size_t record_overhead = 21;
constexpr std::size_t record_size = 16384;

/// One TLS 1.2 session over no transport: who owns it carries the bytes. ECDHE-ECDSA-CHACHA20-POLY1305 and nothing else, both ends show their
/// keys. All its memory is in it; where it lies it stays.
class Tls {
  public:
    enum class Role : std::uint8_t { connector, acceptor };

    Tls() = default;
    Tls(const Tls&) = delete;
    Tls& operator=(const Tls&) = delete;

    /// Begins a handshake. `identity` outlives it.
    void begin(Role role, const Identity& identity, std::span<const std::byte, seed_size> entropy);

    /// Where bytes of the transport are put, and how many were; empty: not now, or not any more.
    std::span<std::byte> transport_in();
    void took_in(std::size_t count);
    /// What the transport is to carry, and how much it took.
    std::span<const std::byte> transport_out() const;
    void took_out(std::size_t count);

    /// What the peer has said and is authentic; who has read it says so.
    std::span<const std::byte> plaintext_in() const;
    void consumed(std::size_t count);
    /// Where the next record is filled; a full one is sealed at once, another by seal().
    std::span<std::byte> plaintext_out();
    void wrote(std::size_t count);
    void seal();
    /// No more will be said: seals the rest, and a record that says so.
    void close();

    /// Whether the handshake is over and the peer is who it should be. Bytes may be written when plaintext_out() has room.
    bool established() const { return engine().application_data != 0; }
    /// The key that the peer has shown; it has the private one once that is established.
    net::PeerKey peer_key() const { return pinned_.shown(); }
    /// The peer has said that it will say no more.
    bool peer_closed() const { return engine().shutdown_recv != 0; }
    /// BearSSL's number of what went wrong; 0: nothing.
    int error() const { return br_ssl_engine_last_error(&engine()); }
    /// After an error: a record that tells the peer. Only where nothing of transport_out() is half out.
    std::span<const std::byte> alert(std::uint8_t description);

    /// Forgets all keys and all that was said.
    void wipe_all();

  private:
    static constexpr std::size_t alert_size = 2;

    br_ssl_engine_context& engine() { return *engine_; }
    const br_ssl_engine_context& engine() const { return *engine_; }
    void prepare(const Identity& identity, std::span<const std::byte, seed_size> entropy);

    union Contexts {
        br_ssl_client_context connector;
        br_ssl_server_context acceptor;
    };
    Contexts contexts_{};
    br_ssl_engine_context* engine_ = &contexts_.connector.eng;
    br_ec_private_key own_{};
    br_x509_certificate shown_{}; // our public key, where BearSSL expects a certificate
    PinnedKeys pinned_;
    std::array<std::byte, record_overhead + alert_size> alert_{};
    std::array<std::byte, BR_SSL_BUFSIZE_BIDI> buffer_{};
};

} // namespace transom::secure
