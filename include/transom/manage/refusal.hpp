// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string_view>
#include <transom/base/fixed_text.hpp>

namespace transom::manage {

/// Why an operator's order is not carried out: docs/manage.md, Errors. Nothing has changed then, unless the line says so.
struct Refusal {
    std::string_view name;
    ErrorLine line;
};

using Done = std::expected<void, Refusal>;

template <class... Args>
std::unexpected<Refusal> refuse(std::string_view name, fmt::format_string<Args...> format, Args&&... arguments) {
    return std::unexpected(Refusal{name, ErrorLine::formatted(format, std::forward<Args>(arguments)...)});
}

} // namespace transom::manage
