// SPDX-License-Identifier: Apache-2.0
#include "paths.hpp"

#include <cstdlib>

namespace transom::tool {
namespace {

const char* environment(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
}

} // namespace

std::filesystem::path cache_directory() {
    if (const char* cache = environment("TRANSOM_CACHE"))
        return cache;
    if (const char* cache = environment("XDG_CACHE_HOME"))
        return std::filesystem::path(cache) / "transom";
    if (const char* home = environment("HOME"))
        return std::filesystem::path(home) / ".cache/transom";
    return ".cache/transom";
}

std::filesystem::path power_build_directory() {
    if (const char* build = environment("TRANSOM_BUILD"))
        return build;
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    // build/host/transom and build/host/tests/unit/... alike
    for (auto folder = self.parent_path(); folder.has_relative_path(); folder = folder.parent_path())
        if (folder.parent_path().filename() == "build")
            return folder.parent_path() / "power";
    return "build/power";
}

std::filesystem::path resolve(std::string_view path, const std::filesystem::path& folder) {
    for (const auto& [word, directory] :
         {std::pair<std::string_view, std::filesystem::path (*)()>{"${TRANSOM_CACHE}/", cache_directory},
          {"${TRANSOM_BUILD}/", power_build_directory}})
        if (path.starts_with(word))
            return directory() / path.substr(word.size());
    return folder / path;
}

} // namespace transom::tool
