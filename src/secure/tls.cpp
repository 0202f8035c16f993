// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/secure/tls.hpp>

namespace transom::secure {
namespace {

constexpr std::array<std::uint16_t, 1> suites{BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256};

/// BearSSL's curves, of which we offer and take two.
br_ec_impl two_curves() {
    br_ec_impl curves = br_ec_all_m31;
    curves.supported_curves = 1U << BR_EC_secp256r1 | 1U << BR_EC_curve25519;
    return curves;
}
const br_ec_impl curves = two_curves();

/// An acceptor asks for the peer's key only where it has a name to put into the question: this one is empty (X.501 RDNSequence).
std::array<unsigned char, 2> empty_name_bytes{0x30, 0x00};
const br_x500_name empty_name{empty_name_bytes.data(), empty_name_bytes.size()};

constexpr int alert_record = 21;
constexpr unsigned char fatal = 2;

// BearSSL does not write to what these lead to.
unsigned char* bytes_of(std::span<const std::byte> bytes) {
    return const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data())); // NOLINT
}
std::span<std::byte> as_span(unsigned char* bytes, std::size_t length) {
    return {reinterpret_cast<std::byte*>(bytes), bytes == nullptr ? 0 : length};
}

} // namespace

void Tls::begin(Role role, const Identity& identity, std::span<const std::byte, seed_size> entropy) {
    own_ = {.curve = BR_EC_secp256r1, .x = bytes_of(identity.own()), .xlen = identity.own().size()};
    shown_ = {.data = bytes_of(identity.own_public()), .data_len = identity.own_public().size()};
    if (role == Role::connector) {
        br_ssl_client_context& context = contexts_.connector;
        br_ssl_client_zero(&context);
        engine_ = &context.eng;
        prepare(identity, entropy);
        br_ssl_client_set_single_ec(&context, &shown_, 1, &own_, BR_KEYTYPE_SIGN, BR_KEYTYPE_EC, &curves,
                                    &br_ecdsa_i31_sign_asn1);
        br_ssl_client_reset(&context, nullptr, 0);
    } else {
        br_ssl_server_context& context = contexts_.acceptor;
        br_ssl_server_zero(&context);
        engine_ = &context.eng;
        prepare(identity, entropy);
        br_ssl_server_set_single_ec(&context, &shown_, 1, &own_, BR_KEYTYPE_SIGN, BR_KEYTYPE_EC, &curves,
                                    &br_ecdsa_i31_sign_asn1);
        br_ssl_server_set_trust_anchor_names(&context, &empty_name, 1);
        br_ssl_server_reset(&context);
    }
}

void Tls::prepare(const Identity& identity, std::span<const std::byte, seed_size> entropy) {
    br_ssl_engine_context* const engine = engine_;
    br_ssl_engine_set_versions(engine, BR_TLS12, BR_TLS12);
    br_ssl_engine_set_suites(engine, suites.data(), suites.size());
    br_ssl_engine_set_ec(engine, &curves);
    br_ssl_engine_set_ecdsa(engine, &br_ecdsa_i31_vrfy_asn1);
    br_ssl_engine_set_hash(engine, br_sha256_ID, &br_sha256_vtable);
    br_ssl_engine_set_prf_sha256(engine, &br_tls12_sha256_prf);
    br_ssl_engine_set_chapol(engine, &br_sslrec_in_chapol_vtable, &br_sslrec_out_chapol_vtable);
    br_ssl_engine_set_chacha20(engine, &br_chacha20_ct_run);
    br_ssl_engine_set_poly1305(engine, &br_poly1305_ctmulq_run);
    pinned_.begin(identity.peers());
    br_ssl_engine_set_x509(engine, pinned_.engine());
    br_ssl_engine_set_buffer(engine, buffer_.data(), buffer_.size(), 1);
    br_ssl_engine_add_flags(engine, BR_OPT_NO_RENEGOTIATION);
    br_ssl_engine_inject_entropy(engine, entropy.data(), entropy.size());
}

std::span<std::byte> Tls::transport_in() {
    std::size_t length = 0;
    unsigned char* const bytes = br_ssl_engine_recvrec_buf(engine_, &length);
    return as_span(bytes, length);
}

void Tls::took_in(std::size_t count) { br_ssl_engine_recvrec_ack(engine_, count); }

std::span<const std::byte> Tls::transport_out() const {
    std::size_t length = 0;
    unsigned char* const bytes = br_ssl_engine_sendrec_buf(engine_, &length);
    return as_span(bytes, length);
}

void Tls::took_out(std::size_t count) { br_ssl_engine_sendrec_ack(engine_, count); }

std::span<const std::byte> Tls::plaintext_in() const {
    std::size_t length = 0;
    unsigned char* const bytes = br_ssl_engine_recvapp_buf(engine_, &length);
    return as_span(bytes, length);
}

void Tls::consumed(std::size_t count) { br_ssl_engine_recvapp_ack(engine_, count); }

std::span<std::byte> Tls::plaintext_out() {
    std::size_t length = 0;
    unsigned char* const bytes = br_ssl_engine_sendapp_buf(engine_, &length);
    return as_span(bytes, length);
}

void Tls::wrote(std::size_t count) { br_ssl_engine_sendapp_ack(engine_, count); }

void Tls::seal() { br_ssl_engine_flush(engine_, 0); }

void Tls::close() { br_ssl_engine_close(engine_); }

/// BearSSL itself says nothing to the peer where it fails, but for a few cases of the handshake.
std::span<const std::byte> Tls::alert(std::uint8_t description) {
    constexpr std::size_t header = 5;
    alert_[header] = std::byte{fatal};
    alert_[header + 1] = std::byte{description};
    std::size_t length = alert_size;
    const br_sslrec_out_class** const sealer = &engine_->out.vtable;
    unsigned char* const record = (*sealer)->encrypt(sealer, alert_record, BR_TLS12, &alert_[header], &length);
    return as_span(record, length);
}

void Tls::wipe_all() {
    wipe(std::as_writable_bytes(std::span(&contexts_, 1)));
    wipe(buffer_);
    engine_ = &contexts_.connector.eng;
}

} // namespace transom::secure
