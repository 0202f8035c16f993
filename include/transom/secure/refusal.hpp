// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <transom/net/byte_stream.hpp>

namespace transom::secure {

/// Why a connection ended that was not as it should be.
struct Refusal {
    net::CloseReason reason;
    std::string_view text;  // goes on from the peer's address
    std::uint8_t alert = 0; // what the peer is told (RFC 5246 7.2); 0: it knows
    bool told = false;      // has been told by BearSSL
};

/// `error`: BearSSL's number. `established`: the handshake was over.
Refusal refusal_of(int error, bool established);

} // namespace transom::secure
