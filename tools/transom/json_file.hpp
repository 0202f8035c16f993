// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "text_file.hpp"

#include <nlohmann/json.hpp>

namespace transom::tool {

/// Where --json writes; nowhere if the path is empty. Made at the start, so that a path that cannot be written is known
/// before anything runs, and says until write() that the command did not get to its end. One at a time.
class JsonFile {
  public:
    explicit JsonFile(std::filesystem::path path);
    void write(const nlohmann::ordered_json& report) const;
    /// What it holds until write(), should the command end before, however that be.
    void write_until_then(const nlohmann::ordered_json& report) const;
    static constexpr const char* not_at_its_end = "the command did not get to its end";
    /// The command has ended before it could: the file of the last one that was made and not written says why.
    static void fail(std::string_view why);

  private:
    TextFile file_;
};

} // namespace transom::tool
