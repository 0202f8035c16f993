// SPDX-License-Identifier: Apache-2.0
#include "litmus.hpp"

// Scenes in which a migration begins or ends.
namespace transom::interleave {

/// A call that was dispatched to one table, and the start of a migration.
void start_and_call(Scene& s, bool with_grace) {
    if (!with_grace)
        s.leave(0);
    s.add([&s] {
        s.remove_as_diverted(0);
        s.pass(0);
    });
    s.add([&s] {
        s.start();
        s.advance();
    });
    s.add([&s] {
        s.pass(1);
        s.load(1, 0);
        s.pass(1);
        s.load(1, 0);
    });
}

/// Stores while the processors come over, and who leads the move asks whether all are seen.
void start_and_store(Scene& s) {
    s.leave(1);
    s.add([&s] {
        s.pass(0);
        s.store(0, 0);
    });
    s.add([&s] {
        s.start();
        s.advance();
        s.ask_whether_all_are_tracked();
    });
    s.add([&s] {
        s.pass(1);
        s.store(1, 1);
    });
}
/// The phase becomes dual under a call that goes to both tables.
void begin_and_call(Scene& s) {
    s.start();
    s.pass(0);
    s.pass(1);
    s.add([&s] { s.remove_as_diverted(0); });
    s.add([&s] { s.advance(); });
    s.add([&s] {
        s.pass(1);
        s.load(1, 0);
        s.load(1, 0);
    });
}
/// The drain begins under a call, and what that takes counts on one side.
void switch_and_remove(Scene& s) {
    s.store(0, 0);
    s.store(1, 1);
    s.leave(0);
    s.leave(1);
    s.add([&s] { s.remove(0); });
    s.add([&s] { s.stop_and_sweep(); });
}
/// A processor comes in while T2 goes.
void switch_and_enter(Scene& s) {
    s.leave(0);
    s.leave(1);
    s.add([&s] {
        s.pass(1);
        s.store(1, 0);
    });
    s.add([&s] {
        s.stop();
        s.advance();
    });
}
/// The only processor inside is in a fault while T2 goes.
void handler_and_switch(Scene& s) {
    s.leave(1);
    s.add([&s] { s.store(0, 0); });
    s.add([&s] {
        s.stop_and_sweep();
        s.advance();
    });
}
/// A call that was dispatched to both tables, and the end of a migration.
void release_and_call(Scene& s, bool with_grace) {
    s.store(0, 0);
    s.to_drain();
    s.leave(1);
    if (!with_grace)
        s.leave(0);
    s.add([&s] {
        s.remove_as_diverted(0);
        s.pass(0);
    });
    s.add([&s] {
        s.sweep();
        s.advance();
        s.advance();
    });
}
/// The second T2 has the LPID and the slots of the first.
void second_migration(Scene& s) {
    s.store(0, 0);
    s.to_drain();
    s.to_end();
    s.clear(0, C);
    s.to_dual();
    s.add([&s] { s.store(0, 0); });
    s.add([&s] { s.remove(0); });
}

} // namespace transom::interleave
