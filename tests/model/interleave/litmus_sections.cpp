// SPDX-License-Identifier: Apache-2.0
#include "litmus.hpp"

// Scenes in which the source of a move sends a section of T1, while calls change it, the machine sets R and C, and the sweep folds. It has gone
// once before.
namespace transom::interleave {

using dual::Fold;

void send_and_remove(Scene& s) {
    s.store(0, 0);
    s.send();
    s.add([&s] { s.send(); });
    s.add([&s] { s.remove(0); });
}
void send_and_enter(Scene& s) {
    s.remove(0);
    s.send();
    s.add([&s] { s.send(); });
    s.add([&s] { s.enter(0); });
}
void send_and_protect(Scene& s) {
    s.store(0, 0);
    s.send();
    s.add([&s] { s.send(); });
    s.add([&s] { s.protect(0, 3); });
}
void send_and_clear(Scene& s) {
    s.store(0, 0);
    s.send();
    s.add([&s] { s.send(); });
    s.add([&s] {
        s.clear(0, C);
        s.store(1, 0);
    });
}
void send_and_store(Scene& s) {
    s.load(0, 0);
    s.send();
    s.add([&s] { s.send(); });
    s.add([&s] { s.store(0, 0); });
    s.add([&s] { s.load(1, 1); });
}
void send_and_fold(Scene& s) {
    s.load(0, 0);
    s.send();
    s.store(0, 0);
    s.load(1, 1);
    s.add([&s] { s.send(); });
    s.add([&s] { s.sweep(Fold::read_only); });
}
void send_and_evict(Scene& s) {
    s.load(0, 0);
    s.send();
    s.store(0, 0);
    s.add([&s] { s.send(); });
    s.add([&s] { s.sweep(Fold::evict); });
    s.add([&s] { s.store(1, 0); });
}
void send_and_calls_on_both(Scene& s) {
    s.store(0, 0);
    s.store(1, 1);
    s.send();
    s.add([&s] { s.send(); });
    s.add([&s] { s.clear(0, C); });
    s.add([&s] { s.remove(1); });
}
void fold_without_a_send(Scene& s) {
    s.load(0, 0);
    s.send();
    s.add([&s] { s.store(0, 0); });
    s.add([&s] { s.sweep(Fold::read_only); });
}

// The look for what the machine has set in T2 comes by while all of that goes on, and then once more, at the end.

void look_and_store(Scene& s) {
    s.load(0, 0);
    s.send();
    s.add([&s] { s.look(); });
    s.add([&s] { s.store(0, 0); });
    s.add([&s] { s.load(1, 1); });
}
void look_and_fold(Scene& s) {
    s.fill(0, 0, dual::AccessKind::store);
    s.send();
    s.add([&s] { s.look(); });
    s.add([&s] { s.sweep(Fold::read_only); });
    s.add([&s] { s.load(1, 0); });
}
void look_and_clear(Scene& s) {
    s.store(0, 0);
    s.send();
    s.add([&s] { s.look(); });
    s.add([&s] {
        s.clear(0, C);
        s.store(1, 0);
    });
}
void look_and_send(Scene& s) {
    s.fill(0, 0, dual::AccessKind::store);
    s.send();
    s.add([&s] {
        s.look();
        s.send();
    });
    s.add([&s] { s.store(0, 0); });
}

} // namespace transom::interleave
