// SPDX-License-Identifier: Apache-2.0
#include "endpoint.hpp"

#include "failure.hpp"

#include <charconv>

namespace transom::tool {

Endpoint parse_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    const std::string_view host = colon == std::string_view::npos ? "" : text.substr(0, colon);
    const std::string_view port = colon == std::string_view::npos ? text : text.substr(colon + 1);
    Endpoint endpoint{host.empty() ? "127.0.0.1" : std::string(host), 0};
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
    if (port.empty() || error != std::errc{} || end != port.data() + port.size() || endpoint.port == 0)
        fail("--management {}: write HOST:PORT, as transom run prints it", text);
    return endpoint;
}

} // namespace transom::tool
