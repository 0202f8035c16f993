// SPDX-License-Identifier: Apache-2.0
#include "litmus.hpp"

// Scenes with two processors, both slots and the sweep: too many orders for the search by orders, few enough states for that by states.
namespace transom::interleave {

using dual::Fold;

namespace {

/// Both processors have both pages in their TLBs, each is in T2 and permits stores.
void both_have_both(Scene& s) {
    for (const unsigned page : {0u, 1u}) {
        s.store(0, page);
        s.load(1, page);
    }
}

} // namespace

// One access or call by each processor.
void stores_to_both_while_dual(Scene& s) {
    both_have_both(s);
    s.add([&s] { s.store(0, 0); });
    s.add([&s] { s.store(1, 1); });
    s.add([&s] { s.sweep(Fold::read_only); });
}
void calls_to_both_while_dual(Scene& s) {
    both_have_both(s);
    s.add([&s] { s.clear(1, C); });
    s.add([&s] { s.remove(0); });
    s.add([&s] { s.sweep(Fold::evict); });
}
void store_and_call_while_dual(Scene& s) {
    both_have_both(s);
    s.add([&s] { s.store(0, 0); });
    s.add([&s] { s.protect(1, 3); });
    s.add([&s] { s.sweep(Fold::evict); });
}

// Two things by each processor, one after the other.
void everything_while_switching(Scene& s) {
    s.store(0, 0);
    s.load(1, 1);
    s.add([&s] {
        s.store(0, 1);
        s.protect(0, 3);
    });
    s.add([&s] {
        s.store(1, 0);
        s.clear(1, C);
    });
    s.add([&s] {
        s.stop_and_sweep();
        s.advance();
        s.sweep();
    });
}
void everything_while_draining(Scene& s) {
    s.store(0, 0);
    s.load(1, 1);
    s.to_drain();
    s.add([&s] {
        s.store(0, 1);
        s.remove(0);
    });
    s.add([&s] {
        s.store(1, 1);
        s.clear(1, C);
    });
    s.add([&s] { s.sweep(); });
}

} // namespace transom::interleave
