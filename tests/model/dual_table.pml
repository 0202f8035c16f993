// SPDX-License-Identifier: Apache-2.0
// The protocol of two page tables (docs/dual-table.md): two processors, up to two slots, a sweep. What each configuration
// defines is in the file `configurations`, what each mutation does in `mutations`.

#ifndef SLOTS
#define SLOTS 1
#endif
#ifndef CALLS0
#define CALLS0 0
#endif
#ifndef CALLS1
#define CALLS1 0
#endif
#ifndef STORERS
#define STORERS 3 // the processors that store, as bits
#endif
#ifndef FILLED
#define FILLED 3 // the slots that hold an entry of the partition's at first
#endif
#define GROUP_CALLS (H_ENTER_ANYWHERE | H_BLOCK_REMOVE | H_CLEAR_HPT | H_RESIZE_HPT_COMMIT)
#ifndef WALKERS
#define WALKERS 3 // the processors that access memory at all
#endif
#ifdef ONLY_TWO_TABLES
#define OVER freed // begins in DUAL, and nothing is done when the partition is back on T1
#else
#define OVER false
#endif
#define WALKS(p) (!OVER && (WALKERS & (1 << (p))))
#define STORES(p) (WALKERS & STORERS & (1 << (p)))
#ifdef WEAK
#define OPEN 1
#else
#define OPEN 0
#endif
#ifdef WAITER_DEAF
#define ANSWERS_WHILE_WAITING false
#else
#define ANSWERS_WHILE_WAITING true
#endif
#ifdef ARRIVAL
#define ARRIVED(s) truth[s].present
#else
#define ARRIVED(s) true
#endif

#include "phases.pml"
#include "slots.pml"
#include "properties.pml"
#include "hardware.pml"
#include "flush.pml"
#include "calls.pml"
#include "group_calls.pml"
#include "filler.pml"
#include "sweep.pml"
#include "control.pml"
#include "processor.pml"

inline has_entry(s) {
    ENTRY1(s).v = 1;
    ENTRY1(s).pp = RW;
    truth[s].may = RW;
    complete(AT(T1, s))
}

init {
    atomic {
        if
        :: FILLED & 1 -> has_entry(0)
        :: else
        fi;
#if SLOTS > 1
        if
        :: FILLED & 2 -> has_entry(1)
        :: else
        fi;
#endif
#ifdef ONLY_TWO_TABLES
        phase = DUAL;
#endif
        run processor(0, CALLS0);
        run processor(1, CALLS1);
        run control()
    }
#ifdef ARRIVAL
    truth[0].present = 1
#endif
}
