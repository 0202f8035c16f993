// SPDX-License-Identifier: Apache-2.0
#include "manifest_source.hpp"

#include "child_process.hpp"
#include "failure.hpp"
#include "temporary_directory.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace transom::tool {

std::string dtc_error(std::string_view text) {
    // "Error: FILE:LINE.COLUMN-COLUMN what", then "FATAL ERROR: Unable to parse input tree"; or a FATAL ERROR alone.
    constexpr std::string_view error = "Error: ", fatal = "FATAL ERROR: ";
    auto at = text.starts_with(error) ? 0 : text.find("\nError: ");
    if (at == std::string_view::npos) {
        at = text.find(fatal);
        if (at == std::string_view::npos)
            return last_line(std::string(text));
        text.remove_prefix(at + fatal.size());
        return std::string(text.substr(0, text.find('\n')));
    }
    text.remove_prefix(at + (text[at] == '\n' ? 1 : 0) + error.size());
    std::string line(text.substr(0, text.find('\n')));
    // The columns are noise: FILE:LINE: what
    const auto colon = line.find(':');
    const auto dot = colon == std::string::npos ? colon : line.find_first_not_of("0123456789", colon + 1);
    const auto blank = dot == std::string::npos ? dot : line.find(' ', dot);
    if (blank != std::string::npos && line[dot] == '.')
        return fmt::format("{}:{}", line.substr(0, dot), line.substr(blank));
    return line;
}

std::vector<std::byte> compile_manifest(const std::filesystem::path& source) {
    std::ifstream readable(source);
    if (!readable || std::filesystem::is_directory(source))
        fail("cannot read the manifest {}: {}", source.string(), readable ? "it is a directory" : std::strerror(errno));
    Finished dtc;
    try {
        dtc = run_to_end({"dtc", "-q", "-I", "dts", "-O", "dtb", "-o", "-", "--", source.string()},
                         std::chrono::seconds(30));
    } catch (const Failure& failure) {
        fail("{}: install device-tree-compiler (tools/setup does)", failure.what());
    }
    if (dtc.status != 0)
        fail("the manifest is malformed: {}", dtc_error(dtc.error_text));
    const auto* const first = reinterpret_cast<const std::byte*>(dtc.output.data());
    return {first, first + dtc.output.size()};
}

std::vector<std::byte> compile_manifest_text(std::string_view name, std::string_view source) {
    const TemporaryDirectory directory;
    const auto file = directory.path() / name;
    std::ofstream(file) << source;
    return compile_manifest(file);
}

} // namespace transom::tool
