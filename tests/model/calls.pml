// SPDX-License-Identifier: Apache-2.0
// The page table calls on slot s, by processor p: begin_ locks the slot and takes V from both twins, a flush, finish_ reads
// R and C and writes what is to be. They use the processor's local variables: dual, had, c_bit, s, p.

#define H_REMOVE 1
#define H_PROTECT 2
#define H_CLEAR_MOD 4
#define H_CLEAR_REF 8
#define H_ENTER 16
#define H_ENTER_ANYWHERE 32 // in either slot of the group, not H_EXACT
#define H_BLOCK_REMOVE 64
#define H_CLEAR_HPT 128
#define H_RESIZE_HPT_COMMIT 256

// Who waits for a lock waits with nothing held, and answers those who want it out of the partition.
inline take_lock(me, s) {
#ifdef EPOCH
    do
    :: d_step { !lock[s] -> lock[s] = 1 }; break
    :: d_step { me != SWEEPER && asked[me & 1] && ANSWERS_WHILE_WAITING -> answer(me & 1) }
    od;
    skip
#else
    d_step { !lock[s] -> lock[s] = 1 }
#endif
}

// The phase is read under the lock: see TWO_TABLES.
inline lock_slot(s) {
#ifdef PHASE_BEFORE_LOCK
    dual = TWO_TABLES;
    take_lock(p, s)
#else
    take_lock(p, s);
    dual = TWO_TABLES
#endif
}

inline take_t2_v(s) {
    d_step {
        if
        :: dual && ENTRY2(s).v -> touch_t2(); ENTRY2(s).v = 0; had = had | SLOT(s)
        :: else
        fi
    }
}
inline take_v(s) {
#if defined(T1_FIRST)
    ENTRY1(s).v = 0;
    take_t2_v(s)
#elif defined(T2_AFTER_FLUSH)
    ENTRY1(s).v = 0
#else
    take_t2_v(s);
    ENTRY1(s).v = 0
#endif
}

// The flush of a change of one slot, with which R and C become final.
inline flush_slot(s) {
#ifdef RC_BEFORE_FLUSH
    c_bit = ENTRY1(s).c | (had -> ENTRY2(s).c : 0);
#endif
#ifdef HOLDER_WAITS
    truth[1].may || ended; // with the lock, until the other slot is taken
#endif
#ifndef NO_FLUSH
    flush(p, SLOT(s));
#endif
#ifdef T2_AFTER_FLUSH
    take_t2_v(s);
#endif
    skip
}

// Under the lock, after the flush: the twin is gone, what it knew is in T1's d1.
inline gather(s) {
    if
    :: had & SLOT(s) ->
        touch_t2();
        ENTRY1(s).r = ENTRY1(s).r | ENTRY2(s).r;
        ENTRY1(s).c = ENTRY1(s).c | ENTRY2(s).c;
        count_merge(s);
        clear_t2(s)
    :: else
    fi;
    had = had & ~SLOT(s)
#ifdef RC_BEFORE_FLUSH
    ;
    ENTRY1(s).c = c_bit;
    c_bit = 0
#endif
}

inline write_empty(s) {
    ENTRY1(s).pp = NO;
    ENTRY1(s).page = 0;
    ENTRY1(s).r = 0;
    ENTRY1(s).c = 0;
    truth[s].may = NO;
    truth[s].stored = 0;
    truth[s].accessed = 0;
    truth[s].recorded = 0;
    order(AT(T1, s));
    lock[s] = 0
}

inline h_remove(s) {
    lock_slot(s);
    if
    :: d_step { !ENTRY1(s).v -> lock[s] = 0; dual = 0 } // H_NOT_FOUND
    :: else ->
        take_v(s);
        flush_slot(s);
        d_step {
            gather(s);
            check_final(s, ENTRY1(s).r, ENTRY1(s).c); // what it answers
            write_empty(s);
            dual = 0
        }
    fi
}

// V again, with the modified d1; the slot is unlocked by the same store.
inline write_back(s) {
    order(AT(T1, s));
    ENTRY1(s).v = 1;
    truth[s].open = OPEN;
    lock[s] = 0;
    dual = 0
}
// The call returns.
inline end_change(s) {
#ifdef WEAK
    d_step {
#ifndef NO_COMPLETE
        complete(AT(T1, s));
#endif
        truth[s].open = 0
    }
#else
    skip
#endif
}

// Narrows or widens. `to` is the new permission.
inline h_protect(s, to) {
    lock_slot(s);
    if
    :: d_step { !ENTRY1(s).v || ENTRY1(s).pp == (to) -> lock[s] = 0; dual = 0 } // nothing to flush
    :: else ->
#ifdef PROTECT_KEEPS_T2
        dual = 0;
#endif
        take_v(s);
        flush_slot(s);
        d_step {
            gather(s);
            ENTRY1(s).pp = to;
            truth[s].may = to;
            write_back(s)
        };
        end_change(s)
    fi
}

// No obligation where C is clear in both: a store whose C is still on its way counts as one after the call.
inline h_clear_mod(s) {
    lock_slot(s);
#ifdef CLEAR_NO_DRAIN
    dual = 0;
#endif
    if
    :: d_step { !ENTRY1(s).v || !(ENTRY1(s).c || (dual && ENTRY2(s).v && ENTRY2(s).c)) -> lock[s] = 0; dual = 0 }
    :: else ->
        take_v(s);
        flush_slot(s);
        d_step {
            gather(s);
            check_final(s, ENTRY1(s).r, ENTRY1(s).c);
            ENTRY1(s).c = 0;
            truth[s].stored = 0;
            truth[s].recorded = 0;
            write_back(s)
        };
        end_change(s)
    fi
}

inline h_clear_ref(s) {
    lock_slot(s);
    if
    :: d_step { !ENTRY1(s).v || !(ENTRY1(s).r || (dual && ENTRY2(s).v && ENTRY2(s).r)) -> lock[s] = 0; dual = 0 }
    :: else ->
        take_v(s);
        flush_slot(s);
        d_step {
            gather(s);
            check_final(s, ENTRY1(s).r, ENTRY1(s).c);
            ENTRY1(s).r = 0;
            truth[s].accessed = 0;
            write_back(s)
        };
        end_change(s)
    fi
}

// Into that slot, if it is free. By I1 its twin is free, too, and T2 needs nothing (C7).
inline fill_t1(s) {
    truth[s].page = 1 - truth[s].page;
    truth[s].may = RW;
    ENTRY1(s).page = truth[s].page;
    ENTRY1(s).pp = RW;
#ifdef GROUP
    free_throughout = free_throughout & ~SLOT(s);
#endif
    write_back(s)
}
inline h_enter(s) {
    take_lock(p, s);
    if
    :: d_step { ENTRY1(s).v -> lock[s] = 0 } // H_PTEG_FULL
    :: else ->
        d_step { fill_t1(s) };
        end_change(s)
    fi
}
