// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace transom::tool {

/// Lines of a file that somebody may be typing.
class InputLines {
  public:
    explicit InputLines(int from) : from_(from) {}
    /// Without its end, LF or CRLF; nothing where no more come. Waits; throws Interrupted, and Failure where it cannot be read.
    std::optional<std::string> next();

  private:
    int from_;
    std::string pending_;
    bool ended_ = false;
};

} // namespace transom::tool
