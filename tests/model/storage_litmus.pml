// SPDX-License-Identifier: Apache-2.0
// Whether storage.pml is as weak as POWER, and as strong: litmus tests of which is known what the architecture allows. The loads of a
// processor are in order here, as by dependencies.

#define E 0
#define D 1
#define V 2
#define PLACES 3
#define CPUS 4
#define READS(t, x) true
#define REACHED(t, x) IN_ALL(x, cpu[t].barrier[x])
#define REACHED_ALL(t) (REACHED(t, E) && REACHED(t, D) && REACHED(t, V))
#define ALL_PLACES(t, s) (HAS(t, E, s.after[E]) && HAS(t, D, s.after[D]) && HAS(t, V, s.after[V]))
#define PROPAGATE_LARGE(t)

hidden byte FORBIDDEN;
byte guests_last;
byte ended;
bit r[4];

#include "storage.pml"

#if defined(NO_FENCE)
#define FENCE(t) skip
#elif defined(LWSYNC)
#define FENCE(t) lwsync(t)
#else
#define FENCE(t) sync(t)
#endif
#define STORE(t, x) d_step { put(t, x, 1) }
#define LOAD(t, x, i) r[i] = SEEN_BY(t, x)

#if defined(MP) // message passing
#define OUTCOME (r[0] && !r[1])
#define P0 STORE(0, D); FENCE(0); STORE(0, E)
#define P1 LOAD(1, E, 0); LOAD(1, D, 1)
#define P2 skip
#define P3 skip
#elif defined(SB) // store buffering
#define OUTCOME (!r[0] && !r[1])
#define P0 STORE(0, D); FENCE(0); LOAD(0, E, 0)
#define P1 STORE(1, E); FENCE(1); LOAD(1, D, 1)
#define P2 skip
#define P3 skip
#elif defined(WRC) // what was seen before a barrier comes before what is stored after it
#define OUTCOME (r[0] && r[1] && !r[2])
#define P0 STORE(0, D)
#define P1 LOAD(1, D, 0); FENCE(1); STORE(1, E)
#define P2 LOAD(2, E, 1); LOAD(2, D, 2)
#define P3 skip
#elif defined(ISA2) // and so does what is stored by who has seen that, with a dependency only
#define OUTCOME (r[0] && r[1] && !r[2])
#define P0 STORE(0, D); FENCE(0); STORE(0, E)
#define P1 LOAD(1, E, 0); STORE(1, V)
#define P2 LOAD(2, V, 1); LOAD(2, D, 2)
#define P3 skip
#elif defined(IRIW) // two readers see two stores in different orders
#define OUTCOME (r[0] && !r[1] && r[2] && !r[3])
#define P0 STORE(0, D)
#define P1 STORE(1, E)
#define P2 LOAD(2, D, 0); FENCE(2); LOAD(2, E, 1)
#define P3 LOAD(3, E, 2); FENCE(3); LOAD(3, D, 3)
#endif

inline end_process() {
    d_step {
        ended++;
        if
        :: ended == 4 -> assert(!OUTCOME || FORBIDDEN)
        :: else
        fi
    }
}

active proctype p0() { P0; end_process() }
active proctype p1() { P1; end_process() }
active proctype p2() { P2; end_process() }
active proctype p3() { P3; end_process() }
