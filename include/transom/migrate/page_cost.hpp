// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <transom/base/address.hpp>
#include <transom/migrate/page_state.hpp>

namespace transom::migrate {

/// What the defaults are and what was measured with them: docs/page-state.md.
struct OrderLimits {
    /// From how many translations a page's right to store is taken so that it can go in this pass, the last one counting for all later
    /// passes: with more of them it waits. With 0 only what nobody stored to since it was watched goes.
    std::array<std::uint32_t, 3> easy{0, 0, 0};
    /// Altered so often after it was sent, it waits for the end.
    unsigned hot = 3;

    constexpr std::uint32_t easy_in(unsigned pass) const {
        return easy[std::min<std::size_t>(pass == 0 ? 0 : pass - 1, easy.size() - 1)];
    }
};

/// US 8,019,962, claim 3.
enum class Migration : std::uint8_t { migrated, appropriate, not_appropriate };

constexpr Migration migration_of(PageState state, std::uint32_t stores, std::uint32_t easy) {
    switch (state.status()) {
    case PageStatus::sent:
    case PageStatus::handed:
        return Migration::migrated;
    case PageStatus::fresh:
    case PageStatus::stale:
        return stores <= easy && !state.saturated() ? Migration::appropriate : Migration::not_appropriate;
    case PageStatus::zero:
    case PageStatus::poisoned:
        return Migration::appropriate;
    case PageStatus::sending:
    case PageStatus::hot:
    case PageStatus::pinned:
        return Migration::not_appropriate;
    }
    return Migration::not_appropriate;
}

/// How hard it is to move a page, compared with another (claim 2): a total order. What nobody stores to is easier than what has to
/// be evicted, at the same number of evictions what was altered less often; a marker is easier than a page.
struct PageCost {
    std::uint8_t kind = 0;    // marker, fresh, altered, hot, pinned
    std::uint32_t stores = 0; // evictions, each with a flush
    std::uint8_t heat = 0;
    Bytes bytes = 0; // to be sent

    constexpr auto operator<=>(const PageCost&) const = default;
};

constexpr PageCost cost_of(PageState state, std::uint32_t stores, Bytes granule) {
    const auto heat = static_cast<std::uint8_t>(state.heat());
    switch (state.status()) {
    case PageStatus::zero:
    case PageStatus::poisoned:
        return {0, 0, 0, 0};
    case PageStatus::fresh:
        return {1, stores, heat, granule};
    case PageStatus::sending:
    case PageStatus::sent:
    case PageStatus::handed:
    case PageStatus::stale:
        return {2, stores, heat, granule};
    case PageStatus::hot:
        return {3, stores, heat, granule};
    case PageStatus::pinned:
        return {4, stores, heat, granule};
    }
    return {};
}

} // namespace transom::migrate
