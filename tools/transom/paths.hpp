// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace transom::tool {

/// Where tools/setup put third-party material: $TRANSOM_CACHE, else $XDG_CACHE_HOME/transom, else ~/.cache/transom.
std::filesystem::path cache_directory();
/// Where the `power` preset builds: beside the directory of this executable, $TRANSOM_BUILD if set.
std::filesystem::path power_build_directory();
/// Replaces a leading ${TRANSOM_CACHE} or ${TRANSOM_BUILD}; what is relative then is taken from `folder`.
std::filesystem::path resolve(std::string_view path, const std::filesystem::path& folder);

} // namespace transom::tool
