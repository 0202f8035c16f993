// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace transom::tool {

/// Where a report goes; nowhere if the path is empty. Made at the start with what it is to hold until write(), so that a path
/// that cannot be written is known before anything runs.
class TextFile {
  public:
    TextFile(std::filesystem::path path, std::string_view until_then);
    void write(std::string_view text) const;

  private:
    std::filesystem::path path_;
};

} // namespace transom::tool
