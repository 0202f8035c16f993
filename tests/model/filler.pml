// SPDX-License-Identifier: Apache-2.0
// A processor that walks T2 missed in it, or found it too narrow for a store: T1's entry is copied, for loads only until
// something is stored. R and C are left to hardware.
// Local variables of the processor: want, what T1 permitted before the lock (pp_then, page_then), p, s.

#ifdef FILL_IN_SWITCHING
#define IN_TIME true
#else
#define IN_TIME (phase == DUAL)
#endif

#ifdef NO_RECHECK
#define PERMITTED(s) true
#define PAGE_FOUND(s) page_then
#else
#define PERMITTED(s) (ENTRY1(s).v && ENTRY1(s).pp >= want)
#define PAGE_FOUND(s) ENTRY1(s).page
#endif

#ifdef RO_FILL_GRANTS
#define PP_GIVEN(s) ENTRY1(s).pp
#else
#define PP_GIVEN(s) want
#endif

#define FILLS(s) (IN_TIME && PERMITTED(s) && ARRIVED(s))

// P1: the page state table is told before the entry permits stores. The lock comes free with it.
inline insert(s) {
    touch_t2();
    truth[s].granted = (want == RW -> 1 : 0);
    ENTRY2(s).pp = PP_GIVEN(s);
    ENTRY2(s).page = PAGE_FOUND(s);
#ifdef FILL_SETS_C
    ENTRY2(s).c = (want == RW -> 1 : 0);
#endif
    order(AT(T2, s));
    count_insert(s);
    ENTRY2(s).v = 1;
    lock[s] = 0
}

inline fill(s) {
    take_lock(p, s);
#ifdef FAULT_SLOT_SHARED
    s = fault_slot;
#endif
    // Under the lock: is it still the time for it (C6), and is it still there?
    if
    :: d_step { !IN_TIME || !PERMITTED(s) -> lock[s] = 0 } // the way back switches, or the fault is the partition's
#ifdef ARRIVAL
    :: d_step { IN_TIME && PERMITTED(s) && !ARRIVED(s) -> lock[s] = 0 }; // no lock over the wait (C9)
        leave(p);
        truth[s].present
#endif
    :: d_step { FILLS(s) && ENTRY2(s).v && ENTRY2(s).pp >= want -> lock[s] = 0 } // another processor has
    :: d_step { FILLS(s) && ENTRY2(s).v && ENTRY2(s).pp < want -> touch_t2(); ENTRY2(s).v = 0 };
        // Wider: a change like any other, so that no R or C comes late.
        flush(p, SLOT(s));
        d_step {
            fold(s);
            clear_t2(s);
            insert(s)
        }
    :: d_step { FILLS(s) && !ENTRY2(s).v -> insert(s) }
    fi
}
