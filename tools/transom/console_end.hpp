// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "management_answer.hpp"

namespace transom::tool {

/// How a connection with a partition's terminal has ended.
enum class ConsoleEnd {
    user,      ///< has detached
    partition, ///< has ended, or runs elsewhere
    other,     ///< connection has the terminal of a partition that has started again
    connection ///< has broken: nobody knows of the partition
};

/// What it was that the machine has closed it for, by what it lists afterwards.
ConsoleEnd end_of_console(const std::vector<Fields>& listed, std::string_view partition);

/// For a report, and for the user.
std::string_view name(ConsoleEnd end);
std::string describe(ConsoleEnd end, std::string_view partition, unsigned terminal);

} // namespace transom::tool
