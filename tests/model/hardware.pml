// SPDX-License-Identifier: Apache-2.0
// A processor's memory management: walks of the table that its pointer names, a TLB, and R and C that it stores on its
// own, possibly long after the access, and into an entry that has been invalidated meanwhile (Power ISA 3.0B Book III
// 5.7.12, 5.10.1). Only tlbie or a ptesync of its own make it finish that.

typedef Translation {
    bit v;
    bit table; // where it was loaded from
    unsigned pp : 2;
    bit page;
    bit c      // C is known to be set: a store need not set it
};
typedef Update { // R or C on its way into a table
    bit v;
    bit table;
    bit slot;
    bit r;
    bit c;
    unsigned pp : 2 // C is stored with the byte that it is in, as it was loaded
};

Translation tlb[2 * SLOTS];
Update update[2];
bit pointer[2]; // SDR1, or LPIDR that names a partition table entry
bit inside[2];  // in the partition; in a call that does not leave it, too

#define TLB(p, s) tlb[(p) * SLOTS + (s)]

// On POWER8 a translation does not say which table it came from. With LPIDS it does (D13).
#ifdef LPIDS
#define USABLE(p, s) (TLB(p, s).v && TLB(p, s).table == pointer[p])
#else
#define USABLE(p, s) TLB(p, s).v
#endif

inline finish_update(p) {
    if
    :: update[p].v ->
        if
        :: update[p].table == T2 -> touch_t2()
        :: else
        fi;
        table[AT(update[p].table, update[p].slot)].r = table[AT(update[p].table, update[p].slot)].r | update[p].r;
        if
        :: update[p].c ->
            table[AT(update[p].table, update[p].slot)].c = 1;
            table[AT(update[p].table, update[p].slot)].pp = update[p].pp;
            show_d1(AT(update[p].table, update[p].slot));
            truth[update[p].slot].recorded = 1
        :: else
        fi;
        update[p].v = 0;
        update[p].table = 0;
        update[p].slot = 0;
        update[p].r = 0;
        update[p].c = 0;
        update[p].pp = 0
    :: else
    fi
}

inline begin_update(p, s, r_bit, c_bit) {
    update[p].v = 1;
    update[p].table = TLB(p, s).table;
    update[p].slot = s;
    update[p].r = r_bit;
    update[p].c = c_bit;
    update[p].pp = TLB(p, s).pp
}

inline drop_translation(p, s) {
    TLB(p, s).v = 0;
    TLB(p, s).table = 0;
    TLB(p, s).pp = 0;
    TLB(p, s).page = 0;
    TLB(p, s).c = 0
}

// All of one processor's own: tlbiel, or what QEMU does when LPIDR is written.
inline drop_all(p) {
    drop_translation(p, 0);
#if SLOTS > 1
    drop_translation(p, 1)
#endif
}

// A walk, whenever it would give the TLB something else than it has: that also stands for an entry that the TLB has lost.
#define WALKED(p, s) table[AT(pointer[p], s)]
#define CAN_WALK(p, s) \
    (SEEN(pointer[p], s).v && !update[p].v && \
     (!TLB(p, s).v || TLB(p, s).table != pointer[p] || TLB(p, s).pp != SEEN(pointer[p], s).pp || \
      TLB(p, s).page != SEEN(pointer[p], s).page || TLB(p, s).c != WALKED(p, s).c))

inline walk(p, s) {
    if
    :: pointer[p] == T2 -> touch_t2()
    :: else
    fi;
    TLB(p, s).v = 1;
    TLB(p, s).table = pointer[p];
    TLB(p, s).pp = SEEN(pointer[p], s).pp;
    TLB(p, s).page = SEEN(pointer[p], s).page;
    TLB(p, s).c = WALKED(p, s).c;
#ifdef REF
    if
    :: !WALKED(p, s).r -> begin_update(p, s, 1, 0)
    :: else
    fi
#endif
}

// An access by the TLB, whenever it makes a difference.
#define LEGAL(p, s, kind) (TLB(p, s).page == truth[s].page && truth[s].may >= (kind))
#ifdef REF
#define FIRST_ACCESS(s) (!truth[s].accessed)
#else
#define FIRST_ACCESS(s) false
#endif
#define CAN_LOAD(p, s) (USABLE(p, s) && (FIRST_ACCESS(s) || !LEGAL(p, s, RO) || !ARRIVED(s)))
#define CAN_STORE(p, s) \
    (USABLE(p, s) && TLB(p, s).pp == RW && (TLB(p, s).c || !update[p].v) && \
     (!truth[s].stored || !TLB(p, s).c || !LEGAL(p, s, RW)))

inline load(p, s) {
    assert(ARRIVED(s) || J3_PRESENT_BEFORE_ACCESS);
    assert(LEGAL(p, s, RO) || I2_NO_STALE_TRANSLATION)
#ifdef REF
    ;
    truth[s].accessed = 1
#endif
}

inline store(p, s) {
    load(p, s);
    assert(LEGAL(p, s, RW) || I2_NO_STALE_TRANSLATION);
    assert(TLB(p, s).table == T1 || phase != DUAL || truth[s].granted || P1_TRACKED_BEFORE_STORE);
    truth[s].stored = 1;
    if
    :: !TLB(p, s).c ->
        begin_update(p, s, 0, 1);
        TLB(p, s).c = 1
    :: else
    fi
}
