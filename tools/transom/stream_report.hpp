// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stream_dump.hpp"

#include <filesystem>
#include <fstream>

namespace transom::tool {

/// The dump as JSON, written entry by entry, as there may be more of them than memory. Nowhere if the path is empty. Throws Failure
/// where it cannot be written.
class StreamReport {
  public:
    /// `stream`: what it is a dump of.
    StreamReport(const std::filesystem::path& path, std::string_view stream);
    void add(const nlohmann::ordered_json& entry);
    void end(const StreamDump& dump);

  private:
    std::filesystem::path path_;
    std::ofstream file_;
    bool first_ = true;
};

} // namespace transom::tool
