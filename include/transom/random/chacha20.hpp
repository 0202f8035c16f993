// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace transom::random {

using ChaChaKey = std::array<std::uint32_t, 8>;
using ChaChaNonce = std::array<std::uint32_t, 3>;
using ChaChaBlock = std::array<std::uint32_t, 16>;

/// One block of the ChaCha20 key stream, as words. RFC 8439 2.3.
ChaChaBlock chacha20(const ChaChaKey& key, std::uint32_t counter, const ChaChaNonce& nonce);

} // namespace transom::random
