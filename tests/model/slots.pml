// SPDX-License-Identifier: Apache-2.0
// The two tables. Slot i of T2 is the twin of slot i of T1; one lock, bit 57 of T1's d0, covers both (D4).
//
// Software writes an entry with ordinary stores, which walks may see late and in any order unless a barrier says
// otherwise. With WEAK, `seen` is what walks see, and hardware lets it catch up word by word. Software is ordered by the
// locks; R and C, which hardware stores, are in one place always.

#define T1 0
#define T2 1
#define AT(t, s) ((t) * SLOTS + (s))

// Permissions: a larger one includes a smaller one.
#define NO 0
#define RO 1
#define RW 2

typedef Entry {
    bit v;           // d0
    unsigned pp : 2; // d1, like what follows
    bit page;
    bit r;
    bit c
};

Entry table[2 * SLOTS];
bit lock[SLOTS];
bit freed; // T2's memory has been given back

#define ENTRY1(s) table[AT(T1, s)]
#define ENTRY2(s) table[AT(T2, s)]

#ifdef WEAK
Entry seen[2 * SLOTS];
#define SEEN(t, s) seen[AT(t, s)]
#define HIDDEN_D1(i) (seen[i].pp != table[i].pp || seen[i].page != table[i].page)
#define HIDDEN_D0(i) (seen[i].v != table[i].v)
inline show_d1(i) {
    seen[i].pp = table[i].pp;
    seen[i].page = table[i].page
}
inline show_d0(i) { seen[i].v = table[i].v }
#else
#define SEEN(t, s) table[AT(t, s)]
inline show_d1(i) { skip }
inline show_d0(i) { skip }
#endif

// RealSlots::order() and the lwsync in set_d0: d1 before the d0 that makes the entry valid.
inline order(i) {
#ifndef NO_ORDER
    show_d1(i)
#else
    skip
#endif
}

// ptesync, in RealSlots::complete() and before each tlbie: a walk that begins now sees all stores before.
inline complete(i) {
    show_d1(i);
    show_d0(i)
}

inline touch_t2() { assert(!freed || T2_NOT_USED_WHEN_FREED) }

// T1's d1 |= R and C of the twin, as one atomic OR (ldarx, stdcx.): hardware stores R and C here meanwhile.
inline fold(s) {
    touch_t2();
    count_merge(s);
    assert((ENTRY1(s).v && ENTRY1(s).page == ENTRY2(s).page) || C4_TWINS_MATCH);
    ENTRY1(s).r = ENTRY1(s).r | ENTRY2(s).r;
    ENTRY1(s).c = ENTRY1(s).c | ENTRY2(s).c
}

inline clear_t2(s) {
    touch_t2();
    ENTRY2(s).pp = NO;
    ENTRY2(s).page = 0;
    ENTRY2(s).r = 0;
    ENTRY2(s).c = 0;
    show_d1(AT(T2, s));
    truth[s].granted = 0 // P2: lowered after the flush
}
