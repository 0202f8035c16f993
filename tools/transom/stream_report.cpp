// SPDX-License-Identifier: Apache-2.0
#include "stream_report.hpp"

#include "failure.hpp"

#include <cerrno>
#include <cstring>

namespace transom::tool {
namespace {

using Json = nlohmann::ordered_json;

std::string line_of(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

} // namespace

StreamReport::StreamReport(const std::filesystem::path& path, std::string_view stream) : path_(path) {
    if (path_.empty())
        return;
    file_.open(path_);
    file_ << "{\n  \"stream\": " << line_of(Json(stream)) << ",\n  \"entries\": [";
    if (!file_.flush())
        fail("cannot write {}: {}", path_.string(), std::strerror(errno));
}

void StreamReport::add(const Json& entry) {
    if (path_.empty())
        return;
    file_ << (first_ ? "\n    " : ",\n    ") << line_of(entry);
    first_ = false;
}

void StreamReport::end(const StreamDump& dump) {
    if (path_.empty())
        return;
    Json faults = Json::array();
    for (const StreamFault& fault : dump.faults())
        faults.push_back({{"offset", fault.offset}, {"what", fault.what}});
    file_ << "\n  ],\n  \"summary\": " << line_of(dump.summary()) << ",\n  \"faults\": " << line_of(faults)
          << ",\n  \"result\": " << (dump.fault_count() == 0 ? "\"ok\"" : "\"failed\"") << "\n}\n";
    if (!file_.flush())
        fail("cannot write {}: {}", path_.string(), std::strerror(errno));
}

} // namespace transom::tool
