// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <transom/migrate/error.hpp>
#include <transom/net/byte_stream.hpp>

namespace transom::migrate {

/// Why the connection to the peer has ended, or has never come about. `peer`: "the target" or "the source".
inline Failure lost_connection(net::CloseReason reason, std::string_view peer) {
    switch (reason) {
    case net::CloseReason::unknown_peer:
        return failure(MoveError::unknown_peer, "{} is not a machine that this one knows: its key is not pinned here",
                       peer);
    case net::CloseReason::unknown_here:
        return failure(MoveError::unknown_here,
                       "{} does not know this machine: the key of this machine is not pinned there", peer);
    case net::CloseReason::insecure:
        return failure(MoveError::insecure, "{} makes no secure connection as a Transom does: the log says why", peer);
    case net::CloseReason::forged:
        return failure(MoveError::forged, "what was sent to or by {} was damaged or forged on the way", peer);
    default:
        return failure(MoveError::connection_lost, "the connection to {} ended too early", peer);
    }
}

/// Why no connection was begun.
inline std::string_view describe(net::StreamError error) {
    switch (error) {
    case net::StreamError::no_route:
        return "its address is on no network of ours";
    case net::StreamError::no_interface:
        return "there is no link network card";
    case net::StreamError::no_keys:
        return "this machine was given no keys of its own and of others";
    case net::StreamError::no_entropy:
        return "this machine has no random numbers to make keys of";
    default:
        return "too many connections";
    }
}

} // namespace transom::migrate
