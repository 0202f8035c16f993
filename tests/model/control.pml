// SPDX-License-Identifier: Apache-2.0
// The phases of one migration, at the end of which the partition is on T1 again: as at the target when all pages have come,
// and as at the source when it is called off, which may be at any moment.

#ifdef GRACE_CALLS
bit in_call[2];
#endif

// Before T2 may be freed: no call is left that has seen DRAIN. Whoever touches slot i of T2 has seen the phase under its
// lock, so it is enough to have had each lock once. Otherwise each call has to say when it begins and ends.
inline grace() {
#if defined(NO_GRACE)
    skip
#elif defined(GRACE_CALLS)
    !in_call[0];
    !in_call[1]
#else
    take_lock(SWEEPER, 0);
    lock[0] = 0;
#if SLOTS > 1
    take_lock(SWEEPER, 1);
    lock[1] = 0
#endif
#endif
}

proctype control() {
    byte s, took, deferred;
    bit c_bit, repeated;

#ifdef TWICE
again:
#endif
    phase = DUAL;
#ifdef FOLD
    if
    :: true -> goto pass // R and C are folded while T2 is in use (D22)
    :: true
    fi;
done:
#endif
#ifdef ARRIVAL
#ifndef SWITCH_TOO_EARLY
    truth[0].present;
#endif
#endif
    phase = SWITCHING;
    !on_t2[0];
    !on_t2[1];
    phase = DRAIN;
pass:
    sweep();
#ifdef FOLD
    if
    :: phase == DUAL -> goto done
    :: else
    fi;
#endif
    phase = RELEASE;
    grace();
    d_step {
        // A call that took an entry from T2 before the sweep came by merges it before it gives up the lock.
        assert((!ENTRY2(0).v && !truth[0].owed) || R4_ALL_MERGED);
#if SLOTS > 1
        assert((!ENTRY2(1).v && !truth[1].owed) || R4_ALL_MERGED);
#endif
        freed = 1
    };
    phase = NORMAL;
#ifdef TWICE
    // A processor may have been outside since it walked T2: it would come back to the next T2 with translations of this one.
#ifndef NO_RELEASE_FLUSH
    flush(SWEEPER, ALL_SLOTS);
#endif
    if
    :: d_step { !repeated -> repeated = 1; freed = 0 }; goto again // with the same memory for T2
    :: true
    fi;
#endif
    end_process()
}
