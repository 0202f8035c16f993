// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/dual/marks.hpp>
#include <transom/hpt/section.hpp>

namespace transom::dual {

/// The sections of T1 in which, as the partition sees it, something has changed since they were taken: at the source of a move those that the
/// target has not got as they are. Each is marked when the change is there, so that who takes a section before he reads it reads the
/// change or finds the mark. Without words nobody asks.
class ChangedSections {
  public:
    ChangedSections() = default;
    /// Words of the owner's. All sections are marked.
    explicit ChangedSections(std::span<std::uint64_t> words) : marks_(words) { marks_.mark_all(); }

    static constexpr std::uint64_t words_for(std::uint64_t slots) { return Marks::words_for(hpt::sections_of(slots)); }

    bool on() const { return marks_.on(); }
    void mark(papr::Ptex slot) {
        if (on())
            marks_.mark(hpt::section_of(slot).value);
    }
    void take(hpt::Section section) {
        if (on())
            marks_.take(section.value);
    }
    bool is_marked(hpt::Section section) const { return marks_.is_marked(section.value); }
    /// The first of [from, end) that is marked, or `end`.
    hpt::Section next(hpt::Section from, hpt::Section end) const { return {marks_.next(from.value, end.value)}; }
    /// How many before `end` are marked.
    std::uint64_t count(hpt::Section end) const { return marks_.count(end.value); }

  private:
    Marks marks_;
};

} // namespace transom::dual
