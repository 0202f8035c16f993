// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <transom/migrate/hello.hpp>
#include <transom/migrate/page_order.hpp>
#include <transom/migrate/pass_decision.hpp>
#include <transom/migrate/progress.hpp>

namespace transom::migrate {

/// Slower, and a page would take too long.
constexpr std::uint64_t least_bandwidth = 1'000'000;

/// What whoever orders a move may choose: docs/manage.md.
struct MoveOptions {
    MoveMode mode = MoveMode::hybrid;
    OrderPolicy order = OrderPolicy::by_state;
    Fit fit = Fit::same_version;
    /// At once, at most: from 1 to max_connections.
    unsigned connections = default_connections;
    /// Nothing moves: both ends only find out whether it could.
    bool check_only = false;
    /// How long it may stand still for what its memory's last pass leaves.
    std::uint32_t downtime_ms = default_downtime_ms;
    /// Of the stream, bytes a second while the partition runs; 0: as many as there can be.
    std::uint64_t bandwidth = 0;
    /// Test mode: a bit of this granule is flipped on the way.
    std::optional<std::uint64_t> corrupt_page{};
};

} // namespace transom::migrate
