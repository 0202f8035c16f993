// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <transom/migrate/hello.hpp>
#include <transom/migrate/page_order.hpp>
#include <transom/migrate/progress.hpp>

namespace transom::migrate {

/// What whoever orders a move may choose: docs/manage.md.
struct MoveOptions {
    MoveMode mode = MoveMode::hybrid;
    OrderPolicy order = OrderPolicy::by_state;
    Fit fit = Fit::same_version;
    /// At once, at most: from 1 to max_connections.
    unsigned connections = default_connections;
    /// Test mode: a bit of this granule is flipped on the way.
    std::optional<std::uint64_t> corrupt_page{};
};

} // namespace transom::migrate
