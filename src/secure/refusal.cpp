// SPDX-License-Identifier: Apache-2.0
#include <bearssl.h>
#include <transom/secure/refusal.hpp>

namespace transom::secure {
namespace {

using net::CloseReason;

// RFC 5246 7.2.2.
constexpr std::uint8_t unexpected_message = 10, bad_record_mac = 20, handshake_failure = 40, bad_certificate = 42,
                       unknown_ca = 48, decrypt_error = 51, protocol_version = 70, inappropriate_fallback = 86;

/// What the peer says.
Refusal received(int alert) {
    if (alert >= bad_certificate && alert <= unknown_ca)
        return {CloseReason::unknown_here, "does not know this machine: the key of this machine is not pinned there"};
    if (alert == bad_record_mac || alert == decrypt_error)
        return {CloseReason::forged, "has received what this machine has not sent: damaged or forged on the way"};
    if (alert == handshake_failure || alert == protocol_version)
        return {CloseReason::insecure, "refuses TLS 1.2 with ECDHE-ECDSA-CHACHA20-POLY1305"};
    return {CloseReason::reset, "has ended the connection by an alert of TLS"};
}

/// What BearSSL has told the peer.
Refusal sent(int alert) {
    if (alert == protocol_version || alert == inappropriate_fallback)
        return {CloseReason::insecure, "offers an older version than TLS 1.2", 0, true};
    return {CloseReason::insecure, "does not offer ECDHE-ECDSA-CHACHA20-POLY1305", 0, true};
}

} // namespace

Refusal refusal_of(int error, bool established) {
    if (error >= BR_ERR_SEND_FATAL_ALERT)
        return sent(error - BR_ERR_SEND_FATAL_ALERT);
    if (error >= BR_ERR_RECV_FATAL_ALERT)
        return received(error - BR_ERR_RECV_FATAL_ALERT);
    switch (error) {
    case BR_ERR_X509_NOT_TRUSTED:
    case BR_ERR_X509_EMPTY_CHAIN:
        return {CloseReason::unknown_peer, "is nobody that this machine knows: its key is not pinned here",
                bad_certificate};
    case BR_ERR_NO_CLIENT_AUTH:
        return {CloseReason::unknown_peer, "is nobody that this machine knows: it shows no key", bad_certificate};
    case BR_ERR_BAD_SIGNATURE:
        return {CloseReason::unknown_peer, "shows a key that it does not have", bad_certificate};
    case BR_ERR_BAD_MAC:
    case BR_ERR_BAD_FINISHED:
        return {CloseReason::forged, "has not sent what has arrived from it: damaged or forged on the way",
                bad_record_mac};
    case BR_ERR_UNSUPPORTED_VERSION:
    case BR_ERR_BAD_VERSION:
        if (!established)
            return {CloseReason::insecure, "does not speak TLS 1.2", protocol_version};
        break;
    case BR_ERR_BAD_CIPHER_SUITE:
        return {CloseReason::insecure, "wants another suite than ECDHE-ECDSA-CHACHA20-POLY1305", handshake_failure};
    default:
        break;
    }
    if (established)
        return {CloseReason::forged, "has broken the protocol: damaged or forged on the way", unexpected_message};
    return {CloseReason::insecure, "does not shake hands as a Transom does", handshake_failure};
}

} // namespace transom::secure
