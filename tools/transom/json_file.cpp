// SPDX-License-Identifier: Apache-2.0
#include "json_file.hpp"
#include "failure.hpp"

#include <optional>

namespace transom::tool {
namespace {

/// That has not been written; it outlives the command that an exception ends.
std::optional<TextFile>& unfinished() {
    static std::optional<TextFile> file;
    return file;
}

nlohmann::ordered_json failed(std::string_view why) { return {{"result", "failed"}, {"error", why}}; }

std::string lines_of(const nlohmann::ordered_json& report) {
    return report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

} // namespace

// What it says until then: no old report passes for this run's.
JsonFile::JsonFile(std::filesystem::path path) : file_(std::move(path), lines_of(failed(not_at_its_end))) {
    unfinished() = file_;
}

void JsonFile::write(const nlohmann::ordered_json& report) const {
    file_.write(lines_of(report));
    unfinished().reset();
}

void JsonFile::write_until_then(const nlohmann::ordered_json& report) const { file_.write(lines_of(report)); }

void JsonFile::fail(std::string_view why) {
    try {
        if (unfinished())
            unfinished()->write(lines_of(failed(why)));
    } catch (const Failure&) {
        // Of two reasons the first is what counts, and that is being said.
    }
    unfinished().reset();
}

} // namespace transom::tool
