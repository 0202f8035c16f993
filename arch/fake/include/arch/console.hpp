// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace arch {

/// Writes one line to the machine's own log, with a line end.
void console_line(std::string_view line);

} // namespace arch
