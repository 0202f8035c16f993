// SPDX-License-Identifier: Apache-2.0
// arch::Tlb::discharge: when it is done no processor has a translation of these slots, and R and C are where they belong.
//
// Two ways. By broadcast: tlbie reaches another processor at any time between its issue and the end of the last ptesync.
// With EPOCH by requests (D17): each processor that is in the partition is asked, kicked, and answers when it has left,
// on its way back, or while it waits for something in a call; one that is outside has nothing that it could use.

#define SWEEPER 2 // who is no processor of the partition

#define SLOT(s) (1 << (s))
#define ALL_SLOTS ((1 << SLOTS) - 1)

// tlbie and its first ptesync: V=0 is visible to walks before any translation is dropped.
inline complete_slots(slots) {
#ifndef NO_PTESYNC
    if
    :: (slots) & 1 -> complete(AT(T1, 0)); complete(AT(T2, 0))
    :: else
    fi;
#if SLOTS > 1
    if
    :: (slots) & 2 -> complete(AT(T1, 1)); complete(AT(T2, 1))
    :: else
    fi
#endif
#endif
    skip
}

// With two LPIDs there are two invalidations, one for each; they are one step here.
#ifdef ONE_LPID
#define COVERED(p, s) (TLB(p, s).table == T1)
#else
#define COVERED(p, s) true
#endif

// What an invalidation does at processor p.
inline invalidate_at(p, slots) {
    if
    :: update[p].v && (SLOT(update[p].slot) & (slots)) -> finish_update(p)
    :: else
    fi;
    if
    :: ((slots) & 1) && COVERED(p, 0) -> drop_translation(p, 0)
    :: else
    fi;
#if SLOTS > 1
    if
    :: ((slots) & 2) && COVERED(p, 1) -> drop_translation(p, 1)
    :: else
    fi
#endif
}

#ifdef EPOCH
bit asked[2];

inline answer(p) {
    finish_update(p);
    drop_all(p);
    asked[p] = 0
}

// `me` is a processor or SWEEPER.
inline flush(me, slots) {
    d_step {
        complete_slots(slots);
        if
        :: me != SWEEPER -> finish_update(me); invalidate_at(me, slots)
        :: else
        fi;
        if
        :: me != 0 && inside[0] -> asked[0] = 1
        :: else
        fi;
        if
        :: me != 1 && inside[1] -> asked[1] = 1
        :: else
        fi
    }
    do
    :: (me == 0 || !asked[0] || !inside[0]) && (me == 1 || !asked[1] || !inside[1]) -> break
    :: d_step { me != SWEEPER && asked[me & 1] && ANSWERS_WHILE_WAITING -> answer(me & 1) }
    od;
    skip
}
#else
byte invalidated[2]; // slots whose tlbie is on its way to a processor

inline flush(me, slots) {
    d_step {
        complete_slots(slots);
        if
        :: me != SWEEPER -> finish_update(me); invalidate_at(me, slots)
        :: else
        fi;
        invalidated[0] = invalidated[0] | (me == 0 -> 0 : (slots));
        invalidated[1] = invalidated[1] | (me == 1 -> 0 : (slots))
    }
    (((me == 0 -> 0 : invalidated[0]) | (me == 1 -> 0 : invalidated[1])) & (slots)) == 0
}
#endif

// What processors do on their own, at any time.
active proctype hardware() {
end:
    do
    :: d_step { update[0].v -> finish_update(0) }
    :: d_step { update[1].v -> finish_update(1) }
#ifndef EPOCH
    :: d_step { invalidated[0] -> invalidate_at(0, invalidated[0]); invalidated[0] = 0 }
    :: d_step { invalidated[1] -> invalidate_at(1, invalidated[1]); invalidated[1] = 0 }
#endif
#ifdef WEAK
    :: d_step { HIDDEN_D0(0) -> show_d0(0) }
    :: d_step { HIDDEN_D1(0) -> show_d1(0) }
    :: d_step { HIDDEN_D0(1) -> show_d0(1) }
    :: d_step { HIDDEN_D1(1) -> show_d1(1) }
#endif
    od
}
