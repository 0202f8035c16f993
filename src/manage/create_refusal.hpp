// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/manage/refusal.hpp>
#include <transom/partition/create_error.hpp>

namespace transom::manage {

/// What an operator is told where a partition cannot be made; `more` follows the line.
inline std::unexpected<Refusal> refuse(const partition::CreateError& error, std::string_view more = "") {
    const auto name = [&]() -> std::string_view {
        switch (error.fault()) {
        case partition::CreateFault::no_room:
            return "no-room";
        case partition::CreateFault::bad_kernel:
            return "bad-kernel";
        case partition::CreateFault::does_not_fit:
            return "does-not-fit";
        case partition::CreateFault::malformed:
            break;
        }
        return "malformed";
    };
    return refuse(name(), "{}{}", error.view(), more);
}

} // namespace transom::manage
