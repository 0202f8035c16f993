// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace transom::tool {

/// Where a management service is.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
};

/// HOST:PORT, as in 127.0.0.1:7700; without a host it is 127.0.0.1. Throws Failure.
Endpoint parse_endpoint(std::string_view text);

} // namespace transom::tool
