// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace transom::tool {

/// The text without the log lines of the machine's firmware, "[    4.008865238,4] SBE: ...", which shares the serial console and
/// may begin one in the middle of a partition's line, even while partitions run.
std::string without_firmware_log(std::string_view text);

/// The same; for each character that is left, where in `text` it stands, is added to `origins`.
std::string without_firmware_log(std::string_view text, std::vector<std::size_t>& origins);

} // namespace transom::tool
