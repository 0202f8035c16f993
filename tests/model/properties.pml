// SPDX-License-Identifier: Apache-2.0
// What must hold, and ghost variables that record what really happened. No actor decides anything by a ghost.

// Always false, and no part of a state: they give an assertion a name in what the checker prints.
hidden byte I1_SUBSET;
hidden byte I2_NO_STALE_TRANSLATION;
hidden byte I3_NO_LOST_C;
hidden byte I3_NO_LOST_R;
hidden byte I4_NO_INVENTED_C;
hidden byte I7_NO_SPURIOUS_MISS;
hidden byte C4_TWINS_MATCH;
hidden byte R7_MERGED_ONCE;
hidden byte R4_ALL_MERGED;
hidden byte P1_TRACKED_BEFORE_STORE;
hidden byte J3_PRESENT_BEFORE_ACCESS;
hidden byte T2_NOT_USED_WHEN_FREED;
hidden byte GROUP_NOT_FULL;

// Of what the partition has in a slot:
typedef Truth {
    bit page;         // which page; another with every H_ENTER
    unsigned may : 2; // the access that it may rely on to be possible; during a call the more of before and after
    bit stored;       // a store was done since H_ENTER or H_CLEAR_MOD
    bit accessed;     // any access was done since H_ENTER or H_CLEAR_REF
    bit recorded;     // hardware has stored C in one of the tables since
    bit granted;      // the page state table counts a T2 entry that permits stores
    bit owed;         // there is a T2 entry whose R and C are not merged
    bit present;      // the page has arrived
    bit open          // a call on it has not returned, although it has unlocked the slot
};
Truth truth[SLOTS];
byte ended; // processes that are through

// R and C that a call answers or a page ends with, after a flush.
inline check_final(s, r_bit, c_bit) {
    assert(!truth[s].stored || c_bit || I3_NO_LOST_C);
    assert(truth[s].stored || !c_bit || I4_NO_INVENTED_C);
#ifdef REF
    assert(!truth[s].accessed || r_bit || I3_NO_LOST_R)
#endif
}

// R7: each T2 entry that is made is merged once, by whoever takes V from it.
inline count_insert(s) {
    assert(!truth[s].owed || R7_MERGED_ONCE);
    truth[s].owed = 1
}
inline count_merge(s) {
    assert(truth[s].owed || R7_MERGED_ONCE);
    truth[s].owed = 0
}

// I1, in every state; with I1_UNLOCKED not while a call or the sweep is at the slot; with NO_I1 not at all, to see what
// becomes of it.
#if defined(NO_I1)
#define EXCUSED(s) true
#elif defined(I1_UNLOCKED)
#define EXCUSED(s) lock[s]
#else
#define EXCUSED(s) false
#endif
#define SUBSET(s) \
    (!ENTRY2(s).v || EXCUSED(s) || \
     (ENTRY1(s).v && ENTRY1(s).page == ENTRY2(s).page && ENTRY2(s).pp <= ENTRY1(s).pp))

// I7: a walk of T1 finds what the partition has entered, unless a call is at it.
#define FOUND(s) (!truth[s].may || lock[s] || truth[s].open || SEEN(T1, s).v)

// H_READ: R and C as of now, under the lock. All that hardware has stored is in it, and nothing that was not done.
#ifdef READ_T1_ONLY
#define C_NOW(s) ENTRY1(s).c
#else
#define C_NOW(s) (ENTRY1(s).c || (TWO_TABLES && ENTRY2(s).v && ENTRY2(s).c))
#endif
#define CAN_READ(s) (!lock[s] && ENTRY1(s).v)

// Looks at every state and takes part in none: each of its steps is possible only where it fails.
active proctype always() {
end:
    do
    :: d_step { !SUBSET(0) -> assert(I1_SUBSET) }
    :: d_step { !FOUND(0) -> assert(I7_NO_SPURIOUS_MISS) }
    :: d_step { CAN_READ(0) && C_NOW(0) && !truth[0].stored -> assert(I4_NO_INVENTED_C) }
    :: d_step { CAN_READ(0) && !C_NOW(0) && truth[0].recorded -> assert(I3_NO_LOST_C) }
#if SLOTS > 1
    :: d_step { !SUBSET(1) -> assert(I1_SUBSET) }
    :: d_step { !FOUND(1) -> assert(I7_NO_SPURIOUS_MISS) }
    :: d_step { CAN_READ(1) && C_NOW(1) && !truth[1].stored -> assert(I4_NO_INVENTED_C) }
    :: d_step { CAN_READ(1) && !C_NOW(1) && truth[1].recorded -> assert(I3_NO_LOST_C) }
#endif
    od
}

// When all is over and every processor has left the partition: what is in T1 is what happened.
inline check_end(s) {
    if
    :: ENTRY1(s).v -> check_final(s, ENTRY1(s).r, ENTRY1(s).c)
    :: else -> assert(!truth[s].may || I7_NO_SPURIOUS_MISS)
    fi
}
inline end_process() {
    d_step {
        ended++;
        if
        :: ended == 3 ->
            check_end(0);
#if SLOTS > 1
            check_end(1)
#endif
        :: else
        fi
    }
}
