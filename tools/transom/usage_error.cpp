// SPDX-License-Identifier: Apache-2.0
#include "usage_error.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace transom::tool {
namespace {

constexpr std::string_view separator = "--"; // no option follows it

bool is_option(std::string_view word) { return word.size() > 1 && word.starts_with('-') && word != separator; }

} // namespace

std::string describe_unexpected(std::string_view command, const std::vector<std::string>& words, bool wants_command) {
    const std::string of = command.empty() ? "" : fmt::format(" of {}", command);
    const std::string help = fmt::format("transom {}{}--help says more", command, command.empty() ? "" : " ");
    const auto end_of_options = std::ranges::find(words, separator);
    if (const auto option = std::find_if(words.begin(), end_of_options, is_option); option != end_of_options)
        return fmt::format("there is no option {}{} ({})", option->substr(0, option->find('=')), of, help);
    const auto word = std::ranges::find_if_not(words, [](std::string_view one) { return one == separator; });
    const std::string_view what = word == words.end() ? separator : std::string_view(*word);
    if (wants_command)
        return fmt::format("there is no command '{}'{} ({})", what, of, help);
    return fmt::format("'{}' is one word too many for {} ({})", what, command, help);
}

} // namespace transom::tool
