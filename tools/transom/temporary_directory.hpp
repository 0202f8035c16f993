// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "file_descriptor.hpp"

#include <filesystem>

namespace transom::tool {

/// A directory that only this user can enter, removed with all that is in it. What a killed run left behind is removed by
/// the next one: a directory in use is locked, and the lock goes with its process.
class TemporaryDirectory {
  public:
    /// In `parent`, by default where TMPDIR says or /tmp.
    explicit TemporaryDirectory(const std::filesystem::path& parent = std::filesystem::temp_directory_path());
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory();

    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
    FileDescriptor lock_;
};

} // namespace transom::tool
