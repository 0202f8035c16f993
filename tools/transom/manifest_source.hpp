// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace transom::tool {

/// Compiles a manifest (device-tree source) with dtc. Throws Failure with file, line and what dtc says.
std::vector<std::byte> compile_manifest(const std::filesystem::path& source);
/// The same for a manifest that is part of this program.
std::vector<std::byte> compile_manifest_text(std::string_view name, std::string_view source);

/// One line of dtc's errors: "FILE:LINE: what". `text` is its standard error.
std::string dtc_error(std::string_view text);

} // namespace transom::tool
