// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/hcall/outcome.hpp>
#include <transom/hpt/error.hpp>

namespace transom::hcall {

/// What a page table call answers for an error of the table.
constexpr Outcome outcome_of(hpt::TableError error) {
    switch (error) {
    case hpt::TableError::no_such_slot:
    case hpt::TableError::page_size:
    case hpt::TableError::virtual_page:
    case hpt::TableError::address:
    case hpt::TableError::cache_attributes:
        return papr::Status::parameter;
    case hpt::TableError::too_big:
        return papr::Status::too_big;
    case hpt::TableError::group_full:
        return papr::Status::pteg_full;
    case hpt::TableError::not_found:
        return papr::Status::not_found;
    }
    return papr::Status::parameter;
}

} // namespace transom::hcall
