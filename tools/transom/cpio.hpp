// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace transom::tool {

/// A root file system for a Linux kernel, as an archive in cpio's "newc" format.
class CpioArchive {
  public:
    void add_directory(std::string_view name);
    void add_file(std::string_view name, std::span<const std::byte> contents, bool executable);
    /// The whole archive. Nothing may be added after that.
    std::vector<std::byte> finish();

  private:
    void add(std::string_view name, unsigned mode, std::span<const std::byte> contents);
    void append(std::string_view text);
    void align();

    std::vector<std::byte> bytes_;
    unsigned inode_ = 0;
};

} // namespace transom::tool
