// SPDX-License-Identifier: Apache-2.0
// A sender: PageStateTable::claim, reading, sent

#ifdef LARGE
// seq_cst loads: a sync before each
#define LOAD_GRANTS(t) sync(t); found = SEEN_BY(t, L)
inline spread(t) {
    LOAD_GRANTS(t);
#ifndef SPREAD_NO_FENCE
    sync(t);
#endif
    if
    :: d_step { STATUS(SEEN_BY(t, E)) == SENT || STATUS(SEEN_BY(t, E)) == SENDING -> skip };
        lwsync(t);
        written(t)
    :: d_step { STATUS(SEEN_BY(t, E)) != SENT && STATUS(SEEN_BY(t, E)) != SENDING -> skip }
    fi;
    sync(t);
    d_step { put(t, T, EVER(found)) }
}
#endif

active proctype sender() {
    byte sends, found;
    byte copy;
    do
    :: sends < SENDS ->
        sends++;
#ifdef NO_ACQUIRE // the page may be read before the claim
        copy = SEEN_BY(SENDER, D);
#endif
#ifdef LARGE
        LOAD_GRANTS(SENDER);
        sync(SENDER);
        if
        :: EVER(found) != SEEN_BY(SENDER, T) -> spread(SENDER)
        :: else
        fi;
        sync(SENDER);
#else
        lwsync(SENDER);
#endif
        if
        :: d_step { SWAP(SENDER) && CAN_CLAIM(LAST(E)) -> put(SENDER, E, ENTRY(SENDING, 0)) }
        :: goto next // another time
        fi;
#ifdef LARGE
#ifdef CLAIM_ACQ_REL // claim and look in any order
        found = SEEN_BY(SENDER, L);
#else
        LOAD_GRANTS(SENDER);
        sync(SENDER);
#endif
        if
        :: LIVE(found) || EVER(found) != SEEN_BY(SENDER, T) ->
            lwsync(SENDER);
            d_step { SWAP(SENDER) -> put(SENDER, E, ENTRY(STALE, 0)) }; // give_back
            goto next
        :: else
        fi;
#endif
#if !defined(NO_ACQUIRE) && !defined(READ_AFTER_SENT)
        copy = SEEN_BY(SENDER, D);
#endif
        lwsync(SENDER);
#ifdef SENT_IS_STORED // and not swapped
        d_step { put(SENDER, E, ENTRY(SENT, COUNT(LAST(E)))) };
#else
        d_step {
            SWAP(SENDER) ->
            put(SENDER, E, ENTRY((STATUS(LAST(E)) == SENDING -> SENT : STALE), COUNT(LAST(E))))
        };
#endif
#ifdef READ_AFTER_SENT
        copy = SEEN_BY(SENDER, D);
#endif
        target = copy;
next:
        copy = 0;
        found = 0
    :: break
    od;
    end_process()
}
