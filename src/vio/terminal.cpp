// SPDX-License-Identifier: Apache-2.0
#include <transom/vio/terminal.hpp>

namespace transom::vio {

std::size_t Terminal::type(interrupt::Sources& sources, std::span<const std::uint8_t> from) {
    const std::size_t taken = input.push(from);
    if (taken != 0)
        sources.signal(terminal_source);
    return taken;
}

} // namespace transom::vio
