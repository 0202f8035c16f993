// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace transom::fault {

/// What is sent in one piece, as its first bytes tell.
struct RecordHead {
    std::uint16_t type = 0;
    std::uint64_t size = 0;  // with these bytes
    bool of_channel = false; // only a connection that carries pages begins so
};

/// Tells records apart. Nothing: more of the first bytes are needed.
using Framing = std::optional<RecordHead> (*)(std::span<const std::byte> first);

/// Those of a migration stream (docs/stream.md).
std::optional<RecordHead> stream_framing(std::span<const std::byte> first);
/// Those of TLS (RFC 5246, 6.2): whatever is in them is sealed.
std::optional<RecordHead> sealed_framing(std::span<const std::byte> first);

} // namespace transom::fault
