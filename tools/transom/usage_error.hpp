// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace transom::tool {

/// What is wrong with a command line that has words nobody takes, in one line. `command` is the one that got them ("bench
/// hcall"; empty: none yet), `words` are those that it could not place, in their order and at least one of them.
/// An option goes before everything else: the word after a misspelt option is most likely its value.
std::string describe_unexpected(std::string_view command, const std::vector<std::string>& words, bool wants_command);

} // namespace transom::tool
