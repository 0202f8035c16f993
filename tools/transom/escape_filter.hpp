// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace transom::tool {

/// Keys typed at an attached console: Ctrl-A and a letter quits, Ctrl-A Ctrl-A is one Ctrl-A for the partition.
class EscapeFilter {
  public:
    /// `letter`: a small one; the capital one does the same.
    explicit EscapeFilter(char letter) : letter_(letter) {}

    /// Appends to `to_machine` what goes on to the machine; true: quit.
    bool feed(std::string_view keys, std::string& to_machine);

  private:
    char letter_;
    bool escaped_ = false;
};

} // namespace transom::tool
