// SPDX-License-Identifier: Apache-2.0
#include "litmus.hpp"

namespace transom::interleave {

using dual::Fold;

Explored explore(const Scene::Setup& setup, const Build& build, std::uint64_t max_runs) {
    Explorer explorer;
    return explorer.explore(
        [&] {
            auto scene = std::make_unique<Scene>(setup);
            build(*scene);
            return scene;
        },
        max_runs);
}

Explored explore_states(const Scene::Setup& setup, const Build& build, std::uint64_t max_states) {
    Explorer explorer;
    return explorer.explore_states(
        [&] {
            auto scene = std::make_unique<Scene>(setup);
            build(*scene);
            return scene;
        },
        max_states);
}

// The scenes: L1 to L9 of the protocol.

void remove_and_store(Scene& s) {
    s.load(1, 0);
    s.add([&s] { s.remove(0); });
    s.add([&s] {
        s.store(1, 0);
        s.store(1, 0);
    });
}
void remove_and_store_of_a_writer(Scene& s) {
    s.store(1, 0);
    s.clear(0, C);
    s.load(1, 0);
    s.add([&s] { s.remove(0); });
    s.add([&s] { s.store(1, 0); });
}
void sweep_and_remove(Scene& s) {
    s.store(0, 0);
    s.store(0, 1);
    s.to_drain();
    s.add([&s] { s.sweep(); });
    s.add([&s] { s.remove(0); });
}
void sweep_and_clear(Scene& s) {
    s.store(0, 0);
    s.to_drain();
    s.add([&s] { s.sweep(); });
    s.add([&s] { s.clear(0, C); });
    s.add([&s] { s.store(1, 0); });
}
void fill_and_remove(Scene& s) {
    s.add([&s] { s.store(1, 0); });
    s.add([&s] { s.remove(0); });
}
void fill_and_switch(Scene& s) {
    s.add([&s] { s.store(0, 0); });
    s.add([&s] { s.stop_and_sweep(); });
}
void protect_and_store(Scene& s) {
    s.store(1, 0);
    s.add([&s] { s.protect(0, 3); });
    s.add([&s] {
        s.store(1, 0);
        s.store(1, 0);
    });
}
void two_tables_and_remove(Scene& s) {
    s.store(0, 0);
    s.clear(0, C);
    s.load(0, 0);
    s.stop();
    s.pass(1);
    s.add([&s] { s.store(0, 0); });
    s.add([&s] { s.store(1, 0); });
    s.add([&s] { s.remove(0); });
}
void clear_table_and_sweep(Scene& s) {
    s.store(0, 0);
    s.load(0, 1);
    s.to_drain();
    s.add([&s] { s.clear_table(); });
    s.add([&s] { s.sweep(); });
}
void holder_and_enter(Scene& s) {
    s.store(0, 0);
    s.remove(1);
    s.add([&s] { s.remove(0); });
    s.add([&s] { s.enter(1); });
}
void two_fills(Scene& s) {
    s.add([&s] { s.load(0, 0); });
    s.add([&s] { s.store(1, 0); });
}
void fold_and_store(Scene& s) {
    s.store(1, 0);
    s.clear(0, C);
    s.load(1, 0);
    s.add([&s] { s.sweep(Fold::evict); });
    s.add([&s] { s.store(1, 0); });
}
void fold_and_upgrade(Scene& s) {
    s.load(0, 0);
    s.add([&s] { s.sweep(Fold::read_only); });
    s.add([&s] { s.store(0, 0); });
}
void fold_and_clear(Scene& s) {
    s.store(0, 0);
    s.add([&s] { s.sweep(Fold::read_only); });
    s.add([&s] { s.clear(0, C); });
}
void drain_and_stores_through_t1(Scene& s) {
    s.load(0, 0);
    s.to_drain();
    s.add([&s] { s.sweep(); });
    s.add([&s] { s.store(1, 0); });
}
void switch_with_an_old_entry(Scene& s) {
    s.store(0, 0);
    s.clear(0, C);
    s.load(0, 0);
    s.stop();
    s.add([&s] {
        s.pass(0);
        s.store(0, 0);
    });
    s.add([&s] {
        s.pass(1);
        s.advance();
        s.sweep();
    });
}
void read_and_sweep(Scene& s) {
    s.store(0, 0);
    s.to_drain();
    s.add([&s] { s.sweep(); });
    s.add([&s] { s.read(0); });
}
void block_remove_and_remove(Scene& s) {
    s.store(0, 0);
    s.store(1, 1);
    s.add([&s] { s.block_remove(); });
    s.add([&s] { s.remove(1); });
}

} // namespace transom::interleave
