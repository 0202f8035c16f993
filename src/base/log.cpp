// SPDX-License-Identifier: Apache-2.0
#include <arch/console.hpp>
#include <array>
#include <transom/base/log.hpp>

namespace transom {

void log_formatted(fmt::string_view format, fmt::format_args arguments) {
    std::array<char, log_line_capacity> line;
    const auto written = fmt::vformat_to_n(line.data(), line.size(), format, arguments);
    arch::console_line({line.data(), written.size < line.size() ? written.size : line.size()});
}

} // namespace transom
