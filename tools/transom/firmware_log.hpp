// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace transom::tool {

/// Takes the log lines of the machine's firmware, "[    4.008865238,4] SBE: ...", out of what its serial console says. They may
/// begin in the middle of another's line, even while partitions run.
class FirmwareLogFilter {
  public:
    /// Appends what is not the firmware's to `rest`. What may be the beginning of a line of its is held back until more tells.
    void feed(std::string_view bytes, std::string& rest);

  private:
    std::string held_;
    bool in_line_ = false;
};

} // namespace transom::tool
