// SPDX-License-Identifier: Apache-2.0
#include "json_file.hpp"

namespace transom::tool {
namespace {

std::string lines_of(const nlohmann::ordered_json& report) {
    return report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

} // namespace

// What it says until then: no old report passes for this run's.
JsonFile::JsonFile(std::filesystem::path path)
    : file_(std::move(path), lines_of({{"result", "failed"}, {"error", "the command did not get to its end"}})) {}

void JsonFile::write(const nlohmann::ordered_json& report) const { file_.write(lines_of(report)); }

} // namespace transom::tool
