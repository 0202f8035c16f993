// SPDX-License-Identifier: Apache-2.0
// Memory as POWER has it: what one processor stores reaches the others one by one, in any order that no barrier forbids, and not
// all at the same time. (After Sarkar et al., "Understanding POWER Multiprocessors", PLDI 2011, with stores entering the
// coherence order as they are made. Each processor does its own accesses in order; where nothing orders them in the code, a mutation
// of the model does them in the other order.)
//
// Barriers are cumulative: what was seen before one comes before what is stored after it, and so on by whoever has seen that.
//
// Who never reads a place need not see it: that leaves more to happen, not less. READS(t, x) says who does.
//
// Of each place the stores that not all have seen yet, the oldest first; of each processor which it has seen, and which it had seen at its last
// barrier: what it stores after that reaches nobody before those.

#define WINDOW 6

typedef Store {
    byte value;
    byte after[PLACES] // nobody sees this one before he sees these
};
typedef Place {
    Store store[WINDOW];
    byte last
};
typedef Processor {
    byte sees[PLACES];
    byte barrier[PLACES]
};
Place place[PLACES];
Processor cpu[CPUS];

#define LAST(x) place[x].store[place[x].last].value
#define SEEN_BY(t, x) place[x].store[cpu[t].sees[x]].value
#define UP_TO_DATE(t, x) (cpu[t].sees[x] == place[x].last)
#define HAS(t, x, n) (!READS(t, x) || cpu[t].sees[x] >= (n))
#define IN_ALL(x, n) (HAS(0, x, n) && HAS(1, x, n) && HAS(2, x, n) && HAS(3, x, n))

hidden byte i_, j_, k_, new_;

// What everybody has seen is forgotten.
inline settle(x) {
    do
    :: IN_ALL(x, 1) ->
        i_ = 0;
        do
        :: i_ < place[x].last ->
            place[x].store[i_].value = place[x].store[i_ + 1].value;
            j_ = 0;
            do
            :: j_ < PLACES -> place[x].store[i_].after[j_] = place[x].store[i_ + 1].after[j_]; j_++
            :: else -> break
            od;
            i_++
        :: else -> break
        od;
        place[x].store[i_].value = 0;
        j_ = 0;
        do
        :: j_ < PLACES ->
            place[x].store[i_].after[j_] = 0;
            k_ = 0;
            do
            :: k_ < WINDOW ->
                if
                :: place[j_].store[k_].after[x] -> place[j_].store[k_].after[x]--
                :: else
                fi;
                k_++
            :: else -> break
            od;
            j_++
        :: else -> break
        od;
        place[x].last--;
        j_ = 0;
        do
        :: j_ < CPUS ->
            if
            :: cpu[j_].sees[x] -> cpu[j_].sees[x]-- // of who does not read it: what he has stored himself
            :: else
            fi;
            if
            :: cpu[j_].barrier[x] -> cpu[j_].barrier[x]--
            :: else
            fi;
            j_++
        :: else -> break
        od;
        if
        :: x == D && guests_last -> guests_last--
        :: else
        fi
    :: else -> break
    od;
    skip // no d_step ends with a loop
}

inline put(t, x, what) {
    assert(place[x].last + 1 < WINDOW);
    new_ = what; // of what is there
    place[x].last++;
    place[x].store[place[x].last].value = new_;
    i_ = 0;
    do
    :: i_ < PLACES -> place[x].store[place[x].last].after[i_] = cpu[t].barrier[i_]; i_++
    :: else -> break
    od;
    cpu[t].sees[x] = place[x].last;
    settle(x)
}

// lwsync: what is stored after it comes after all that this processor has seen.
inline note_seen(t) {
    i_ = 0;
    do
    :: i_ < PLACES -> cpu[t].barrier[i_] = cpu[t].sees[i_]; i_++
    :: else -> break
    od;
    skip
}
inline lwsync(t) {
    d_step { note_seen(t) }
}
// sync, ptesync: goes on when all of that has reached everybody.
inline sync(t) {
    d_step { note_seen(t) };
    REACHED_ALL(t)
}

#define MAY_SEE(t, x, n) \
    (READS(t, x) && cpu[t].sees[x] + (n) <= place[x].last && \
     ALL_PLACES(t, place[x].store[cpu[t].sees[x] + (n)]))

// A store comes with the barriers before it: what who has seen it stores then comes after them too.
inline see(t, x, n) {
    cpu[t].sees[x] = cpu[t].sees[x] + n;
    i_ = 0;
    do
    :: i_ < PLACES ->
        if
        :: cpu[t].barrier[i_] < place[x].store[cpu[t].sees[x]].after[i_] ->
            cpu[t].barrier[i_] = place[x].store[cpu[t].sees[x]].after[i_]
        :: else
        fi;
        i_++
    :: else -> break
    od;
    settle(x)
}

#define PROPAGATE(t, x) \
    :: d_step { MAY_SEE(t, x, 1) -> see(t, x, 1) } \
    :: d_step { MAY_SEE(t, x, 2) -> see(t, x, 2) }
#define PROPAGATE_TO(t) PROPAGATE(t, E) PROPAGATE(t, D) PROPAGATE(t, V) PROPAGATE_LARGE(t)

active proctype storage() {
end:
    do
    PROPAGATE_TO(0)
    PROPAGATE_TO(1)
    PROPAGATE_TO(2)
    PROPAGATE_TO(3)
    od
}
