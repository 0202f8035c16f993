// SPDX-License-Identifier: Apache-2.0
// The sweep: V from the T2 entries of a portion, a flush for all of them, R and C into T1. It only tries locks, because it
// holds several; what it did not get comes afterwards, one by one. Local variables of control: s, took, deferred, c_bit.
//
// While T2 is walked (DUAL) it flushes. In DRAIN each processor has flushed when it went to T1, and T2 changes no more.

// Whether the sweep passes a slot by.
#if defined(HANDLER_OUT) && !defined(NO_LOOK_AT_LOCK)
#define NOTHING_IN(s) (!ENTRY2(s).v && !lock[s]) // a filler may be about to insert
#else
#define NOTHING_IN(s) (!ENTRY2(s).v)
#endif

#ifdef BATCH_FLUSHES_ONE
#define FLUSHED(took) ((took) & 1 -> 1 : (took))
#else
#define FLUSHED(took) took
#endif

inline fold_one(s) {
#ifdef PLAIN_OR
    c_bit = ENTRY1(s).c | ENTRY2(s).c;
    d_step {
        fold(s);
        ENTRY1(s).c = c_bit;
        c_bit = 0;
        clear_t2(s);
        lock[s] = 0
    }
#elif defined(MERGE_BEFORE_FLUSH)
    d_step { clear_t2(s); lock[s] = 0 }
#else
    d_step {
        fold(s);
        clear_t2(s);
        lock[s] = 0
    }
#endif
}

inline fold_taken() {
#ifdef MERGE_BEFORE_FLUSH
    d_step {
        if
        :: took & 1 -> fold(0)
        :: else
        fi;
#if SLOTS > 1
        if
        :: took & 2 -> fold(1)
        :: else
        fi
#endif
    };
#endif
    if
    :: took && phase == DUAL -> flush(SWEEPER, FLUSHED(took))
    :: else
    fi;
    if
    :: took & 1 -> fold_one(0)
    :: else
    fi;
#if SLOTS > 1
    if
    :: took & 2 -> fold_one(1)
    :: else
    fi;
#endif
    took = 0
}

inline take_entry(s) {
    touch_t2();
    ENTRY2(s).v = 0;
    took = took | SLOT(s)
}

inline sweep() {
    s = 0;
    do
    :: d_step { s < SLOTS && NOTHING_IN(s) -> s++ }
    :: d_step { s < SLOTS && !NOTHING_IN(s) && lock[s] -> deferred = deferred | SLOT(s); s++ }
#ifdef SWEEP_NO_RECHECK
    :: s < SLOTS && ENTRY2(s).v && !lock[s] ->
        if
        :: d_step { !lock[s] -> lock[s] = 1; take_entry(s); s++ }
        :: else
        fi
#else
    :: d_step { s < SLOTS && ENTRY2(s).v && !lock[s] -> lock[s] = 1; take_entry(s); s++ }
#endif
    :: d_step { s == SLOTS -> s = 0 }; break
    od;
#ifndef SWEEP_WAITS
    fold_taken();
#endif
    do
    :: d_step { s < SLOTS && !(deferred & SLOT(s)) -> s++ }
    :: s < SLOTS && (deferred & SLOT(s)) ->
        take_lock(SWEEPER, s);
        d_step {
            deferred = deferred & ~SLOT(s);
            if
            :: ENTRY2(s).v -> take_entry(s)
            :: else -> lock[s] = 0
            fi
        };
#ifndef SWEEP_WAITS
        fold_taken();
#endif
        s++
    :: d_step { s == SLOTS -> s = 0 }; break
    od
#ifdef SWEEP_WAITS
    ;
    fold_taken()
#endif
}
