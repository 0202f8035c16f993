// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace transom::tool {

/// What keeps a file from being a kernel for a POWER partition; empty if nothing does. Big- and little-endian ELF64.
std::string kernel_problem(std::span<const std::byte> file);

} // namespace transom::tool
