// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace transom::interleave {

/// Faults planted in the code under test, each of which some scene must find. Where tests/model/mutations has the same one its name there
/// is in brackets.
enum class Mutation : std::uint8_t {
    none,
    twin_stays,          // a call leaves T2 alone [clear_does_not_drain, protect_keeps_t2]
    twin_goes_last,      // T1 before T2 [t1_first]
    twin_goes_late,      // T2 after the flush [t2_after_flush]
    usage_before_flush,  // R and C of T2 are read when it is dropped [rc_before_flush]
    merge_before_flush,  // the same by the sweep [merge_before_flush]
    twins_usage_ignored, // R and C of T2 are not read at all [read_t1_only]
    no_lock,             // who wants a slot's lock has it
    no_recheck,          // a filler trusts what it read before it had the lock [no_recheck]
    sweep_no_recheck,    // the sweep does [sweep_no_recheck]
    plain_merge,         // T1's d1 is read, and later written [plain_or]
    load_grants_store,   // a fill for a load permits stores [ro_fill_grants_store]
    fill_sets_changed,   // a fill for a store sets C [fill_sets_c]
    no_flush,            // a call waits for no TLB [no_flush]
    first_lpid_only,     // a call flushes what TLBs have of T1 only [one_lpid]
    phase_before_lock,   // a call decides that by the phase that was when it began [phase_before_lock]
    no_flush_at_switch, // neither by the processor that switches nor after the last one [no_switch_flush, no_release_flush]
    no_flush_at_fold,    // of what is still walked
    late_switch,         // a processor looks at the phase before it says that it comes [late_switch]
    handler_not_counted, // who is in its fault does not count as on T2 [handler_not_counted]
    looking_is_second,   // who has not looked at the phase yet counts as on T2
    no_grace,            // nobody is waited for
    no_mark,             // what changes marks no section,
    mark_before_change,  // or does before the change is there
    fold_does_not_mark,  // what R and C come to T1
    take_after_read,     // a section's mark is taken when it has been read
    batch_flushes_one,   // of the slots that the sweep takes together it flushes the first [batch_flushes_one]
    machine_not_seen,    // what the machine sets in T2 after that is not looked for
    look_takes_late,     // a group's mark is taken when it has been looked at
    look_skips_dropped,  // an entry that is being changed counts as none
};

/// The same in a resize.
enum class ResizeFault : std::uint8_t {
    none,
    call_leaves_the_new_table, // what a call changes is not changed there
    copies_without_lock,       // of the slot that is copied
    place_has_no_lock,         // that in the new table
    call_does_not_fold,        // a call on the new table leaves R and C of the old one to the fold
    folds_without_lock,
    fold_leaves_the_old_entry, // whose R and C it has taken
    plain_merge,               // d1 is read, and later written, with the old R and C
};

} // namespace transom::interleave
