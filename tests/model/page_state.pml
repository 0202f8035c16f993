// SPDX-License-Identifier: Apache-2.0
// One page of a migrating partition under POWER's memory order (docs/page-state.md): its entry of the page state table, its data, the entry
// of T2 that permits stores. A processor of the partition stores by it; a processor of the hypervisor makes and ends it; one
// sends the page; and one writes to it for the hypervisor, or with LARGE tells pages of a large page's grants.

#define E 0 // the page's entry
#define D 1 // its data
#define V 2 // V of T2's entry
#define CPUS 4
#ifdef LARGE
#define L 3 // the region's grants: ever, live
#define T 4 // of which its pages have been told
#define PLACES 5
#define READS(t, x) \
    ((x) == E -> (t) == SENDER || (t) == WRITER : ((x) == D -> (t) == SENDER : ((x) == V -> (t) == GUEST : ((x) == L -> (t) != GUEST : (t) >= SENDER))))
#define REACHED_ALL(t) (REACHED(t, E) && REACHED(t, D) && REACHED(t, V) && REACHED(t, L) && REACHED(t, T))
#define ALL_PLACES(t, s) \
    (HAS(t, E, s.after[E]) && HAS(t, D, s.after[D]) && HAS(t, V, s.after[V]) && HAS(t, L, s.after[L]) && HAS(t, T, s.after[T]))
#define PROPAGATE_LARGE(t) PROPAGATE(t, L) PROPAGATE(t, T)
#else
#define PLACES 3
#define READS(t, x) ((x) == E -> (t) != GUEST : ((x) == D -> (t) == SENDER : (t) == GUEST))
#define REACHED_ALL(t) (REACHED(t, E) && REACHED(t, D) && REACHED(t, V))
#define ALL_PLACES(t, s) (HAS(t, E, s.after[E]) && HAS(t, D, s.after[D]) && HAS(t, V, s.after[V]))
#define PROPAGATE_LARGE(t)
#endif
#define REACHED(t, x) IN_ALL(x, cpu[t].barrier[x])

#define GUEST 0
#define CALLS 1
#define SENDER 2
#define WRITER 3

#ifndef GRANTS
#define GRANTS 1
#endif
#ifndef SENDS
#define SENDS 2
#endif
#ifndef STORES
#define STORES 1
#endif

// Always false, to name an assertion.
hidden byte P1_P2_COUNTED;
hidden byte P3_NO_STORE_LOST;

byte guests_last; // of the stores to D the last one that the partition made
byte values;      // so far stored to D, each another one
byte target;      // what the target has of the page
byte ended;
bit translation, invalidation;

#include "storage.pml"

// --- an entry: status and count, as transitions in page_state.hpp has them

#define FRESH 0
#define SENDING 1
#define OVERTAKEN 2
#define SENT 3
#define STALE 4
#define STATUS(e) ((e) >> 2)
#define COUNT(e) ((e)&3)
#define ENTRY(status, count) (((status) << 2) | (count))
#define ALTERED(s) ((s) == SENDING -> OVERTAKEN : ((s) == SENT -> STALE : (s)))
#define CAN_CLAIM(e) ((STATUS(e) == FRESH || STATUS(e) == STALE) && COUNT(e) == 0)

// A compare-and-swap that succeeds has read the newest store: what the entry was, in LAST(E), and what it becomes, in one step.
#define SWAP(t) UP_TO_DATE(t, E)
inline raise(t) {
    d_step { SWAP(t) -> put(t, E, ENTRY(ALTERED(STATUS(LAST(E))), COUNT(LAST(E)) + 1)) }
}
inline lower(t) {
    d_step { SWAP(t) -> put(t, E, ENTRY(STATUS(LAST(E)), COUNT(LAST(E)) - 1)) }
}
inline written(t) {
    d_step { SWAP(t) -> put(t, E, ENTRY(ALTERED(STATUS(LAST(E))), COUNT(LAST(E)))) }
}

#ifdef LARGE
#define LIVE(l) ((l)&1)
#define EVER(l) ((l) >> 1)
#define CAN_STORE LIVE(LAST(L))
#define IS_SENT (STATUS(LAST(E)) == SENT && EVER(LAST(L)) == LAST(T))
#else
#define CAN_STORE COUNT(LAST(E))
#define IS_SENT (STATUS(LAST(E)) == SENT)
#endif

// --- a processor of the partition: it walks, stores when it likes, and forgets when it is told to

inline store_to_page(t) {
    values++;
    put(t, D, values)
}
active proctype guest() {
    byte stores;
end:
    do
    :: d_step { !translation && SEEN_BY(GUEST, V) -> translation = 1 }
    :: d_step {
           translation && stores < STORES ->
           assert(CAN_STORE || P1_P2_COUNTED);
           stores++;
           store_to_page(GUEST);
           guests_last = cpu[GUEST].sees[D]
       }
    :: d_step { invalidation -> translation = 0; invalidation = 0 }
    od
}

inline end_process() {
    d_step {
        ended++;
        if
        :: ended == 3 -> assert(!IS_SENT || target == LAST(D) || P3_NO_STORE_LOST)
        :: else
        fi
    }
}

// --- the page table: DualTable::finish_fill, and whoever takes the entry away (TwinSlots::free_twin after Tlb::discharge)

inline grant() {
#ifdef LARGE
    sync(CALLS);
    d_step { UP_TO_DATE(CALLS, L) -> put(CALLS, L, ((EVER(LAST(L)) + 1) << 1) | 1) }
#else
    lwsync(CALLS);
    raise(CALLS)
#endif
}
inline ungrant() {
#ifdef LARGE
    sync(CALLS);
    d_step { UP_TO_DATE(CALLS, L) -> put(CALLS, L, LAST(L) - 1) }
#else
    lwsync(CALLS);
    lower(CALLS)
#endif
}
inline make_valid() {
    lwsync(CALLS); // set_d0 is a release
    d_step { put(CALLS, V, 1) };
    sync(CALLS) // complete()
}

active proctype calls() {
    byte grants;
    do
    :: grants < GRANTS ->
        grants++;
#ifdef VALID_BEFORE_RAISED // nothing orders the two
        make_valid();
        grant();
#else
        grant();
        make_valid();
#endif
        d_step { put(CALLS, V, 0) };
#ifdef LOWER_BEFORE_FLUSH
        ungrant();
#endif
#ifndef NO_PTESYNC
        sync(CALLS);
#endif
        invalidation = 1;
#ifdef NO_TLBSYNC // tlbie has arrived: what was stored by the translation need not have
        !invalidation;
#else
        !invalidation && IN_ALL(D, guests_last);
#endif
#ifndef LOWER_BEFORE_FLUSH
        ungrant();
#endif
    :: break
    od;
    end_process()
}

#include "page_sender.pml"

#ifdef LARGE
// --- another sender, that tells pages

active proctype other_sender() {
    byte found;
    if
    :: spread(WRITER)
    :: true
    fi;
    found = 0;
    end_process()
}
#else
// --- the hypervisor writes: LogicalMemory::write, then PageStateTable::written

active proctype writer() {
    if
    :: d_step { store_to_page(WRITER) };
#ifndef WRITE_NOT_RELEASED
        lwsync(WRITER);
#endif
#ifdef LOOK_INSTEAD_OF_SWAP // a load, of a page that is to go anyway
        if
        :: STATUS(SEEN_BY(WRITER, E)) == STALE || STATUS(SEEN_BY(WRITER, E)) == FRESH
        :: else -> written(WRITER)
        fi
#else
        written(WRITER)
#endif
    :: true
    fi;
    end_process()
}
#endif
