// SPDX-License-Identifier: Apache-2.0
// A processor: in the partition, where it loads and stores and makes calls as it likes, and its ways out of it and in.

// Out to the dispatcher. Its ptesync finishes R and C, so that who is outside owes nothing.
inline leave(p) {
    d_step {
#ifndef EXIT_WITHOUT_PTESYNC
        finish_update(p);
#endif
#ifdef EPOCH
        inside[p] = 0;
        asked[p] = 0;
#endif
        on_t2[p] = 0
    }
}

// The way in, from the dispatcher or from a fault: it says that it may walk T2, and only then (a sync between) looks at
// the phase; loads its pointer, and flushes if that has changed (C11).
inline way_in(p) {
#ifdef LATE_SWITCH
    next = TABLE_NOW;
#endif
    d_step {
#ifdef EPOCH
        inside[p] = 1;
#endif
        on_t2[p] = 1
    };
#ifndef LATE_SWITCH
    next = TABLE_NOW;
#endif
    d_step {
        if
        :: next != pointer[p] ->
            finish_update(p);
            pointer[p] = next;
#ifndef NO_SWITCH_FLUSH
            drop_all(p)
#endif
        :: else
        fi;
#ifdef EPOCH
        answer(p);
#endif
        on_t2[p] = next;
        next = 0
    }
}

#define MISSES(p, s) (pointer[p] == T2 && !SEEN(T2, s).v && ENTRY1(s).v)
#define MISSES_FOR_STORE(p, s) (pointer[p] == T2 && ENTRY1(s).v && ENTRY1(s).pp == RW && (!SEEN(T2, s).v || SEEN(T2, s).pp != RW))

#ifdef NO_RECHECK
#define FOUND_BEFORE_LOCK(s) page_then = ENTRY1(s).page
#elif defined(FAULT_SLOT_SHARED)
byte fault_slot;
#define FOUND_BEFORE_LOCK(s) fault_slot = s
#else
#define FOUND_BEFORE_LOCK(s) skip
#endif

#ifdef HOLDER_WAITS
#define CALLED(s_) ((s_) == 0) // who stays in a call with the lock of slot 0 leaves slot 1 alone
#else
#define CALLED(s_) true
#endif

#define IN_PARTITION(s_)                                                                    \
    :: d_step { WALKS(p) && CAN_WALK(p, s_) -> walk(p, s_) }                                            \
    :: d_step { CAN_LOAD(p, s_) -> load(p, s_) }                                            \
    :: d_step { STORES(p) && CAN_STORE(p, s_) -> store(p, s_) }                             \
    :: d_step { WALKS(p) && MISSES(p, s_) -> s = s_; want = RO; FOUND_BEFORE_LOCK(s_) }; goto progress_fault     \
    :: d_step { STORES(p) && MISSES_FOR_STORE(p, s_) -> s = s_; want = RW; FOUND_BEFORE_LOCK(s_) }; goto progress_fault \
    :: d_step { !OVER && (calls & ~GROUP_CALLS) && CALLED(s_) -> s = s_ }; goto progress_call

#ifdef GRACE_CALLS
#define BEGIN_CALL in_call[p] = 1
#define END_CALL in_call[p] = 0
#else
#define BEGIN_CALL skip
#define END_CALL skip
#endif

proctype processor(bit p; short calls) {
    byte s, took, had;
    bit dual, waits, next, c_bit, page_then;
    unsigned want : 2;

    way_in(p);
partition:
    do
    IN_PARTITION(0)
#if SLOTS > 1
    IN_PARTITION(1)
    :: !OVER && (calls & GROUP_CALLS) -> goto progress_group_call
#endif
    :: pointer[p] != TABLE_NOW -> leave(p); way_in(p) // kicked, or its turn is over
#ifdef EPOCH
    :: asked[p] -> leave(p); way_in(p)
#endif
    :: leave(p); break // ceded, for good
    od;
    goto done;

progress_fault:
#ifdef HANDLER_OUT
    leave(p);
#endif
    fill(s);
    d_step { s = 0; want = 0; page_then = 0 };
    way_in(p);
    goto partition;

progress_call:
    BEGIN_CALL;
    if
    :: calls & H_REMOVE -> h_remove(s)
    :: calls & H_PROTECT -> h_protect(s, (truth[s].may == RW -> RO : RW))
    :: calls & H_CLEAR_MOD -> h_clear_mod(s)
#ifdef REF
    :: calls & H_CLEAR_REF -> h_clear_ref(s)
#endif
    :: calls & H_ENTER -> h_enter(s)
    fi;
    END_CALL;
    s = 0;
    goto partition;
#if SLOTS > 1
progress_group_call:
    BEGIN_CALL;
    if
    :: calls & H_BLOCK_REMOVE -> h_block_remove()
    :: calls & H_CLEAR_HPT -> h_clear_hpt()
    :: calls & H_RESIZE_HPT_COMMIT -> h_resize_hpt_commit()
#ifdef GROUP
    :: calls & H_ENTER_ANYWHERE -> h_enter_anywhere()
#endif
    fi;
    END_CALL;
    goto partition;
#endif
done:
    end_process()
}
