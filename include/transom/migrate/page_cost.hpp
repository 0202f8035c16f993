// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <transom/base/address.hpp>
#include <transom/migrate/page_state.hpp>

namespace transom::migrate {

/// US 8,019,962, claim 3.
enum class Migration : std::uint8_t { migrated, appropriate, not_appropriate };

/// `stores`: those by large pages too (PageStateTable::stores).
constexpr Migration migration_of(PageState state, std::uint32_t stores) {
    switch (state.status()) {
    case PageStatus::sent:
        return Migration::migrated;
    case PageStatus::fresh:
    case PageStatus::stale:
        return stores == 0 ? Migration::appropriate : Migration::not_appropriate;
    case PageStatus::sending:
    case PageStatus::overtaken:
    case PageStatus::hot:
        break;
    }
    return Migration::not_appropriate;
}

/// How hard it is to move a page, compared with another (claim 2): a total order. What nobody stores to is easier than what has to
/// be evicted, at the same number of evictions what was altered less often.
struct PageCost {
    std::uint8_t kind = 0;    // never sent, altered, hot
    std::uint32_t stores = 0; // evictions, each with a flush
    std::uint8_t heat = 0;
    Bytes bytes = 0; // to be sent

    constexpr auto operator<=>(const PageCost&) const = default;
};

constexpr PageCost cost_of(PageState state, std::uint32_t stores, Bytes granule) {
    const PageStatus status = state.status();
    const std::uint8_t kind = status == PageStatus::fresh ? 0 : status == PageStatus::hot ? 2 : 1;
    return {kind, stores, static_cast<std::uint8_t>(state.heat()), granule};
}

} // namespace transom::migrate
