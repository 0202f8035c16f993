// SPDX-License-Identifier: Apache-2.0
#include "console_end.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace transom::tool {

ConsoleEnd end_of_console(const std::vector<Fields>& listed, std::string_view partition) {
    // In these it has terminals, and whoever is at one stays there unless another one is.
    constexpr std::array<std::string_view, 3> here = {"starting", "running", "suspended"};
    const auto row =
        std::ranges::find(listed, partition, [](const Fields& fields) { return fields.text("partition"); });
    const bool is_here = row != listed.end() && std::ranges::find(here, row->text("state")) != here.end();
    return is_here ? ConsoleEnd::other : ConsoleEnd::partition;
}

std::string_view name(ConsoleEnd end) {
    switch (end) {
    case ConsoleEnd::user:
        return "user";
    case ConsoleEnd::partition:
        return "partition";
    case ConsoleEnd::other:
        return "other";
    case ConsoleEnd::connection:
        break;
    }
    return "connection";
}

std::string describe(ConsoleEnd end, std::string_view partition, unsigned terminal) {
    switch (end) {
    case ConsoleEnd::user:
        return fmt::format("detached; {} goes on", partition);
    case ConsoleEnd::partition:
        return fmt::format("{} is gone from this machine", partition);
    case ConsoleEnd::other:
        return fmt::format("{} has started again, and another connection has its terminal {}", partition, terminal);
    case ConsoleEnd::connection:
        break;
    }
    return fmt::format("the connection with the machine is lost; {} may go on", partition);
}

} // namespace transom::tool
