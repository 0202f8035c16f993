// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace transom::tool {

/// A TCP port of 127.0.0.1 that nobody listens on now.
std::uint16_t free_port();
/// Throws Failure if somebody does.
void check_port_free(std::uint16_t port);

} // namespace transom::tool
