// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <transom/migrate/page_state.hpp>

namespace transom::migrate {

struct PageChange {
    PageState before, after;
};

inline PageState load(const std::uint16_t& entry) {
    // Acquire: who sees that nobody can store any more sees what was stored.
    PageState state;
    state.bits = std::atomic_ref(const_cast<std::uint16_t&>(entry)).load(std::memory_order_acquire);
    return state;
}

/// What an event makes of an entry that others change at the same time: one atomic operation, no lock. None: the event does not
/// happen to a page in this state, which is as it was.
///
/// Everything that matters between those who store and those who send is one variable, so that its modification order decides:
/// a grant before a claim makes the claim fail (the count is not 0), one after it makes the page stale, and `sent` fails.
/// - An entry that does not change is written all the same (a write to a page that is stale already): a mere load could be
///   satisfied before the data is visible, and a sender who claims between the two would send the old bytes as the last ones.
/// - Release: the flush that ended a grant, the hypervisor's own stores before `write`, and a sender's loads before `sent` come
///   before the change. Acquire: a sender's loads come after its claim, and see all of those.
/// - A grant comes before the entry of the page table that it is for (P1), because that is made valid by a release (set_d0 of the
///   table's slots).
/// - Claims and the grants of large pages are two variables, so claims are sequentially consistent: page_state_large.hpp.
inline std::optional<PageChange> change(std::uint16_t& entry, PageEvent event,
                                        std::memory_order order = std::memory_order_acq_rel) {
    const std::atomic_ref ref(entry);
    PageState before;
    before.bits = ref.load(std::memory_order_relaxed);
    while (true) {
        const auto wanted = after(before, event);
        if (!wanted)
            return {};
        if (ref.compare_exchange_weak(before.bits, wanted->bits, order, std::memory_order_relaxed))
            return PageChange{before, *wanted};
    }
}

} // namespace transom::migrate
