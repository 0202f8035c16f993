// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace transom::migrate {

// How long a side waits for the other before it treats the connection as broken; docs/stream.md.
constexpr std::uint64_t first_record_limit_s = 10;
constexpr std::uint64_t silence_limit_s = 30;

} // namespace transom::migrate
