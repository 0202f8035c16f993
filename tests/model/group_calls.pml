// SPDX-License-Identifier: Apache-2.0
// Calls that have to do with several slots: H_ENTER into a group, H_BLOCK_REMOVE, H_CLEAR_HPT, and a resize's commit.
// Local variables of the processor: took, had, dual, waits, s.

#ifdef GROUP
byte free_throughout; // slots that have been free since the call of H_ENTER began
#define IS_FREE(s) (!ENTRY1(s).v && !lock[s])

#ifdef ENTER_WAITS_AT_ONCE
#define WAITS_AT_ONCE 1
#else
#define WAITS_AT_ONCE 0
#endif

// Table::claim: locked slots are passed over at first; the second round waits for them (C9, L9).
inline h_enter_anywhere() {
    d_step {
        s = 0;
        waits = WAITS_AT_ONCE;
        free_throughout = (IS_FREE(0) -> 1 : 0) | (IS_FREE(1) -> 2 : 0)
    };
    do
    :: d_step { s == SLOTS && !waits -> s = 0; waits = 1 }
    :: d_step { s == SLOTS && waits -> assert(!free_throughout || GROUP_NOT_FULL) }; break // H_PTEG_FULL
    :: d_step { s < SLOTS && (ENTRY1(s).v || (!waits && lock[s])) -> s++ }
    :: s < SLOTS && !ENTRY1(s).v && (waits || !lock[s]) ->
        if
        :: d_step { !waits && lock[s] -> s++ } // taken since
        :: else ->
            take_lock(p, s);
            if
            :: d_step { ENTRY1(s).v -> lock[s] = 0; s++ }
            :: else ->
                d_step { fill_t1(s) };
                end_change(s);
                break
            fi
        fi
    od;
    skip;
    d_step { s = 0; waits = 0; free_throughout = 0 }
}
#endif

#if SLOTS > 1
// Holds several slots, therefore only tries (C8).
inline begin_block_remove(s) {
    if
    :: d_step { !lock[s] && ENTRY1(s).v -> lock[s] = 1; dual = TWO_TABLES; took = took | SLOT(s) };
        take_v(s)
    :: else // busy, or not found
    fi
}
inline finish_removed(s) {
    if
    :: took & SLOT(s) ->
        gather(s);
        check_final(s, ENTRY1(s).r, ENTRY1(s).c);
        write_empty(s)
    :: else
    fi
}
inline h_block_remove() {
    begin_block_remove(0);
    begin_block_remove(1);
    if
    :: took -> flush(p, took)
    :: else
    fi;
    d_step {
        finish_removed(0);
        finish_removed(1);
        took = 0;
        dual = 0
    }
}

// Waits for a lock while it holds others, ascending. What T2 knew of these pages is of no use to anybody.
inline begin_clear(s) {
    take_lock(p, s);
    dual = TWO_TABLES;
    take_v(s)
}
inline forget_twin(s) {
    if
    :: had & SLOT(s) -> count_merge(s); clear_t2(s)
    :: else
    fi
}
inline h_clear_hpt() {
    begin_clear(0);
    begin_clear(1);
    flush(p, ALL_SLOTS);
    d_step {
        forget_twin(0);
        forget_twin(1);
        write_empty(0);
        write_empty(1);
        had = 0;
        dual = 0
    }
}

// The same, and what is in the new table: here one bolted entry, in slot 0, that was mirrored there.
#ifdef COMMIT_WITHOUT_LOCKS
inline replace(s) {
    drop_translation(0, s);
    drop_translation(1, s);
    if
    :: ENTRY2(s).v -> ENTRY2(s).v = 0; count_merge(s)
    :: else
    fi;
    if
    :: !freed -> clear_t2(s)
    :: else
    fi;
    ENTRY1(s).v = 0;
    ENTRY1(s).c = 0;
    truth[s].may = NO;
    truth[s].stored = 0;
    truth[s].recorded = 0
}
inline h_resize_hpt_commit() {
    d_step {
        finish_update(0);
        finish_update(1);
        replace(0);
        replace(1);
        truth[0].page = 1 - truth[0].page;
        truth[0].may = RW;
        ENTRY1(0).page = truth[0].page;
        ENTRY1(0).pp = RW;
        ENTRY1(0).v = 1
    }
}
#else
inline h_resize_hpt_commit() {
    begin_clear(0);
    begin_clear(1);
    flush(p, ALL_SLOTS);
    d_step {
        forget_twin(0);
        forget_twin(1);
        write_empty(1);
        write_empty(0);
        fill_t1(0);
        had = 0;
        dual = 0
    };
    end_change(0)
}
#endif
#endif
