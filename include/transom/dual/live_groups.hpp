// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <papr/hpt.hpp>
#include <transom/dual/marks.hpp>

namespace transom::dual {

/// The groups of T2 in which there may be something: each is marked after an entry is there.
class LiveGroups {
  public:
    LiveGroups() = default;
    /// Words of the owner's, zeroed.
    explicit LiveGroups(std::span<std::uint64_t> words) : marks_(words) {}

    static constexpr std::uint64_t words_for(std::uint64_t groups) { return Marks::words_for(groups); }

    void mark(papr::GroupIndex group) { marks_.mark(group.value); }
    void take(papr::GroupIndex group) { marks_.take(group.value); }
    /// The first of [from, end) that is marked, or `end`.
    papr::GroupIndex next(papr::GroupIndex from, papr::GroupIndex end) const {
        return {marks_.next(from.value, end.value)};
    }

  private:
    Marks marks_;
};

} // namespace transom::dual
