// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scene.hpp"
#include <functional>

// What there is when a scene's actors begin is made without steps: nobody runs yet.
namespace transom::interleave {

using Build = std::function<void(Scene&)>;
Explored explore(const Scene::Setup& setup, const Build& build, std::uint64_t max_runs = 400'000);
/// State by state.
Explored explore_states(const Scene::Setup& setup, const Build& build, std::uint64_t max_states = 100'000'000);

void remove_and_store(Scene& s);
void remove_and_store_of_a_writer(Scene& s);
void sweep_and_remove(Scene& s);
void sweep_and_clear(Scene& s);
void fill_and_remove(Scene& s);
void fill_and_switch(Scene& s);
void protect_and_store(Scene& s);
void two_tables_and_remove(Scene& s);
void clear_table_and_sweep(Scene& s);
void holder_and_enter(Scene& s);
void two_fills(Scene& s);
void fold_and_store(Scene& s);
void fold_and_upgrade(Scene& s);
void fold_and_clear(Scene& s);
void drain_and_stores_through_t1(Scene& s);
void switch_with_an_old_entry(Scene& s);
void read_and_sweep(Scene& s);
void block_remove_and_remove(Scene& s);
void stores_to_both_while_dual(Scene& s);
void calls_to_both_while_dual(Scene& s);
void store_and_call_while_dual(Scene& s);
void everything_while_switching(Scene& s);
void everything_while_draining(Scene& s);
void start_and_call(Scene& s, bool with_grace);
void start_and_store(Scene& s);
void begin_and_call(Scene& s);
void switch_and_remove(Scene& s);
void switch_and_enter(Scene& s);
void handler_and_switch(Scene& s);
void release_and_call(Scene& s, bool with_grace);
void second_migration(Scene& s);
void send_and_remove(Scene& s);
void send_and_enter(Scene& s);
void send_and_protect(Scene& s);
void send_and_clear(Scene& s);
void send_and_store(Scene& s);
void send_and_fold(Scene& s);
void send_and_evict(Scene& s);
void send_and_calls_on_both(Scene& s);
void fold_without_a_send(Scene& s);
void look_and_store(Scene& s);
void look_and_fold(Scene& s);
void look_and_clear(Scene& s);
void look_and_send(Scene& s);

} // namespace transom::interleave
