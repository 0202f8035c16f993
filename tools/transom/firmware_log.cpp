// SPDX-License-Identifier: Apache-2.0
#include "firmware_log.hpp"

#include <algorithm>

namespace transom::tool {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// "[", seconds after spaces, ".", nine digits, ",", the level, "] ". Linux' own stamps have six digits and no level.
bool begins_log_line(std::string_view text) {
    const auto point = text.find('.');
    if (text.front() != '[' || point == std::string_view::npos || point < 2 || point > 12 || text.size() < point + 14)
        return false;
    const auto seconds = text.substr(1, point - 1), fraction = text.substr(point + 1, 9);
    return std::ranges::all_of(seconds, [](char c) { return c == ' ' || is_digit(c); }) && is_digit(seconds.back()) &&
           std::ranges::all_of(fraction, is_digit) && text[point + 10] == ',' && is_digit(text[point + 11]) &&
           text.substr(point + 12, 2) == "] ";
}

} // namespace

std::string without_firmware_log(std::string_view text, std::vector<std::size_t>& origins) {
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '[' && begins_log_line(text.substr(at))) {
            at = std::min(text.find('\n', at), text.size());
            continue;
        }
        result += text[at];
        origins.push_back(at);
    }
    return result;
}

std::string without_firmware_log(std::string_view text) {
    std::vector<std::size_t> origins;
    return without_firmware_log(text, origins);
}

} // namespace transom::tool
