// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/dual/changed_sections.hpp>
#include <transom/dual/counters.hpp>
#include <transom/dual/group_marks.hpp>
#include <transom/dual/live_entries.hpp>
#include <transom/dual/page_tracking.hpp>
#include <transom/dual/phase.hpp>
#include <transom/hpt/table.hpp>

namespace transom::dual {

/// When an entry of T2 permits stores that its entry in T1 permits.
enum class StorePolicy : std::uint8_t {
    when_stored, // from the first store on: who tracks pages has to know of it
    as_in_t1,    // at once: at the target, where a page that is here is here for good
};

/// What calls, fills and the sweep of one partition share about its second table.
struct Twins {
    PhaseWord phase;
    LiveEntries live;
    GroupMarks groups;        // in which there may be something
    GroupMarks usage;         // at the source: in which there may come, or may be, R or C that T1 lacks
    ChangedSections sections; // of T1, at the source
    Counters counters;
    PageTracking* pages = nullptr; // never null while there is a T2
    StorePolicy stores = StorePolicy::when_stored;
    hpt::TableTurns* turns = nullptr; // T1's
};

} // namespace transom::dual
