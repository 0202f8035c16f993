// SPDX-License-Identifier: Apache-2.0
#include "json_file.hpp"

#include "failure.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace transom::tool {

JsonFile::JsonFile(std::filesystem::path path) : path_(std::move(path)) {
    write(
        {{"result", "failed"}, {"error", "the command did not get to its end"}}); // no old report passes for this run's
}

void JsonFile::write(const nlohmann::ordered_json& report) const {
    if (path_.empty())
        return;
    std::ofstream file(path_);
    file << report.dump(2) << '\n';
    if (!file.flush())
        fail("cannot write {}: {}", path_.string(), std::strerror(errno));
}

} // namespace transom::tool
