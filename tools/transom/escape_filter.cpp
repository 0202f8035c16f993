// SPDX-License-Identifier: Apache-2.0
#include "escape_filter.hpp"

namespace transom::tool {
namespace {
constexpr char escape = '\x01'; // Ctrl-A
} // namespace

bool EscapeFilter::feed(std::string_view keys, std::string& to_machine) {
    for (const char key : keys) {
        if (!escaped_ && key == escape) {
            escaped_ = true;
            continue;
        }
        if (escaped_ && (key == letter_ || key == letter_ - 'a' + 'A'))
            return true;
        if (escaped_ && key != escape)
            to_machine += escape;
        escaped_ = false;
        to_machine += key;
    }
    return false;
}

} // namespace transom::tool
