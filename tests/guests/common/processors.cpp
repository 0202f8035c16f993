// SPDX-License-Identifier: Apache-2.0
#include "processors.hpp"

#include "hypercall.hpp"

#include <atomic>

namespace guest {

namespace {

extern "C" void other_processor_entry();

thread_local unsigned own_number = 0;
std::array<std::atomic<void (*)()>, max_processors> work_of;
std::array<std::atomic<bool>, max_processors> has_work; // some implementations call one stopped that only waits
std::atomic<std::uint64_t> deadline = ~std::uint64_t{0};
std::atomic<std::uint32_t> stop_self_token = 0;

std::uint32_t low_word(void (*code)()) { return static_cast<std::uint32_t>(reinterpret_cast<std::uint64_t>(code)); }

[[noreturn]] void stop_self() {
    allow_interrupts(false);
    has_work[own_number] = false;
    for (;;)
        rtas(stop_self_token, {}, 1);
}

void stop_after_reset() { stop_self(); }

} // namespace

extern "C" [[noreturn]] void guest_other_start(std::uint64_t number) {
    own_number = static_cast<unsigned>(number);
    // A reset that nobody has asked for is the end of a case that has run out of time.
    asynchronous.accepts_resets = true;
    asynchronous.on_reset = &stop_after_reset;
    work_of[own_number].load()();
    stop_self();
}

unsigned processor_number() { return own_number; }

unsigned processor_count(const Tree& tree) {
    const unsigned count = tree.processors();
    return count < max_processors ? count : max_processors;
}

void set_deadline(std::uint64_t ticks) { deadline = timebase() + ticks; }

bool out_of_time() { return timebase() >= deadline.load(std::memory_order_relaxed); }

// LoPAR H_CONFER to all.
void give_way() { hcall(call::confer, ~std::uint64_t{0}, 0); }

std::int64_t stopped_state(const Tree& tree, std::uint32_t server) {
    const auto token = tree.rtas_token("query-cpu-stopped-state");
    if (!token)
        return -1;
    const auto answer = rtas(*token, {server}, 2);
    return answer.status() != 0 ? answer.status() : std::int64_t{answer.returned[1]};
}

std::int32_t start_processor(const Tree& tree, unsigned number, void (*work)()) {
    const auto start = tree.rtas_token("start-cpu"), stop = tree.rtas_token("stop-self");
    if (!start || !stop)
        return -1;
    stop_self_token = *stop;
    const bool had_work = has_work[number].exchange(true);
    work_of[number] = work;
    const auto status = rtas(*start, {number, low_word(&other_processor_entry), number}, 1).status();
    if (status != 0)
        has_work[number] = had_work;
    return status;
}

bool visit_processors(const Tree& tree) {
    bool all = true;
    set_deadline(~std::uint64_t{0} >> 1);
    for (unsigned n = 1; n < processor_count(tree); ++n)
        all = start_processor(tree, n, [] {}) == 0 && wait_for_stop(tree, n, false) && all;
    return all;
}

bool wait_for_stop(const Tree& tree, unsigned number, bool prods) {
    const auto stopped = [&] {
        if (prods)
            hcall(call::prod, number);
        return !has_work[number] && stopped_state(tree, number) == is_stopped;
    };
    while (!out_of_time()) {
        if (stopped())
            return true;
        give_way();
    }
    // Whatever it waits for, it is not to be there any more when the next case starts it.
    for (unsigned i = 0; i < 100 && !stopped(); ++i) {
        hcall(call::prod, number); // for implementations that reset a processor and leave it waiting
        hcall(call::signal_sys_reset, number);
        for (const auto begin = timebase(); timebase() - begin < 10'000'000;)
            give_way();
    }
    if (!stopped())
        bail_out("a processor does not stop");
    return false;
}

} // namespace guest
