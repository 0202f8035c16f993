// SPDX-License-Identifier: Apache-2.0
#include <transom/vio/terminal.hpp>

namespace transom::vio {

std::size_t Terminal::type(interrupt::Sources& sources, std::uint32_t source, std::span<const std::uint8_t> from) {
    const bool was_empty = input.empty();
    const std::size_t taken = input.push(from);
    if (was_empty && taken != 0)
        sources.signal(source);
    return taken;
}

} // namespace transom::vio
