// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <transom/affinity/amounts.hpp>
#include <transom/affinity/nodes.hpp>

namespace transom::affinity {

/// 0 to 100 points, in millionths of a point.
struct Score {
    std::int64_t millionths = 0;

    auto operator<=>(const Score&) const = default;
};
constexpr Score full_score{100'000'000};

/// How a score is reckoned, by the number that answers carry. A formula that changes gets another number.
enum class Formula : std::uint16_t {
    claimed = 1,   // as US 7,673,114 claims it: claimed_metric.cpp
    composite = 2, // distances, fragmentation, page table: composite_metric.cpp
};

/// What a partition of a size can have at best on this machine while nobody else is there, by one formula.
struct Yardstick {
    Fraction best = whole;
    std::uint32_t fewest_nodes = 1;
};

/// One formula: a pure function, in a file of its own.
struct Metric {
    Formula formula{};
    std::string_view name; // as operators write it
    std::string_view text; // the formula in one line
    bool normalised; // 100 points are the best that a partition of that size can have here; else what the formula says
    /// None for a partition without memory or without a processor.
    std::optional<Fraction> (*share)(const Nodes&, const Place&, std::uint32_t fewest_nodes);
};

/// All formulas, by their numbers.
std::span<const Metric* const> metrics();
const Metric& metric(Formula formula);

/// The fewest nodes that have so much together, each resource by itself.
std::uint32_t fewest_nodes(const Nodes& nodes, const Size& size);
/// Takes longer than a score: once for each partition and machine.
Yardstick yardstick(const Metric& metric, const Nodes& nodes, const Size& size);

/// The score of a partition at this place, present or proposed: the same function for both.
std::optional<Score> score(const Metric& metric, const Nodes& nodes, const Place& place, const Yardstick& yardstick);

/// The mean of partitions' scores, weighted by their shares of memory and of processing, each half. Partitions without a score do not count.
class SystemScore {
  public:
    void add(const Size& size, std::optional<Score> score);
    std::optional<Score> mean() const;

  private:
    struct Half {
        std::uint64_t total = 0, points = 0;
        void add(std::uint64_t amount, Score score);
        std::uint64_t mean() const { return points / total; }
    };
    Half memory_, processing_;
};

} // namespace transom::affinity
