// SPDX-License-Identifier: Apache-2.0
#include <transom/migrate/target_session.hpp>

// The page table as it comes: in sections, while the partition runs at the source and when it stands still.

namespace transom::migrate {

void TargetSession::handle_page_table(const Record& record) {
    if (phase_ == Phase::post_copying || !takes_memory()) // it has run by it
        return out_of_order(record);
    const bool stands_still = phase_ == Phase::receiving;
    const auto arrival = arrival_.table.take(record.payload, *arrival_.partition, stands_still);
    if (!arrival)
        return fail(arrival.error());
    progress_.table_entries += arrival->entries;
    progress_.rc_mismatches += arrival->rc_mismatches;
    progress_.sections += arrival->sections;
    progress_.sections_resent += arrival->sections_again;
    progress_.sections_in_stop += stands_still ? arrival->sections : 0;
}

} // namespace transom::migrate
