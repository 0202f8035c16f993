// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <papr/hpt.hpp>
#include <transom/dual/marks.hpp>

namespace transom::dual {

/// Groups of T2 of which somebody is to look at some again: each is marked after an entry is there. Without words nobody looks.
class GroupMarks {
  public:
    GroupMarks() = default;
    /// Words of the owner's, zeroed.
    explicit GroupMarks(std::span<std::uint64_t> words) : marks_(words) {}

    static constexpr std::uint64_t words_for(std::uint64_t groups) { return Marks::words_for(groups); }

    bool on() const { return marks_.on(); }
    void mark(papr::GroupIndex group) {
        if (on())
            marks_.mark(group.value);
    }
    void take(papr::GroupIndex group) { marks_.take(group.value); }
    /// The first of [from, end) that is marked, or `end`.
    papr::GroupIndex next(papr::GroupIndex from, papr::GroupIndex end) const {
        return on() ? papr::GroupIndex{marks_.next(from.value, end.value)} : end;
    }

  private:
    Marks marks_;
};

} // namespace transom::dual
