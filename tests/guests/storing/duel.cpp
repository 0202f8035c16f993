// SPDX-License-Identifier: Apache-2.0
#include "duel.hpp"

#include "../common/hypercall.hpp"
#include "../common/interrupt.hpp"
#include "../common/spr.hpp"

namespace storing {

using namespace guest;

namespace {

constexpr Segment segment{.address = std::uint64_t{24} << 28, .vsid = 0x4600, .page_shift = 12};

constexpr std::uint64_t absent = std::uint64_t{0x300} << 32 | 0x4200'0000; // interrupt, and DSISR: no entry, of a store

} // namespace

void Duel::begin(const Machine& machine, std::uint64_t page) {
    const std::uint64_t groups = std::uint64_t{1} << (machine.table_shift - 7);
    const auto what = make_entry(segment, segment.address, page);
    const auto answer =
        hcall(call::enter, 0, (hash_of(segment, segment.address) & (groups - 1)) << 3, what.d0, what.d1);
    if (answer.status != status::success)
        bail_out("H_ENTER refused the page of the duel");
    slot_ = answer.r(4);
    page_ = page;
}

void Duel::set_segment() const { guest::set_segment(segment, 2); }

void Duel::store() {
    const std::uint64_t number = begun_.load(std::memory_order_relaxed) + 1;
    begun_.store(number);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    // While a call changes the entry it is not there (docs/hcalls-hpt.md): then the store is made again.
    for (Fault fault; (fault = guarded_store(segment.address, number, msr::dr)).taken;)
        expect("fault of the duel", segment.address, fault.vector << 32 | fault.dsisr, absent);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    done_.store(number);
}

void Duel::look(Window& window, bool cleared, bool on, std::uint64_t done, std::uint64_t begun) {
    Tally::count(tally().looks);
    const bool has_to_be = done > window.begun;
    const bool may_be = begun > window.done;
    if (on ? !may_be : has_to_be) {
        Tally::count(tally().wrong_usage);
        bad("bit of the duel", slot_, on ? 1 : 0, has_to_be ? 1 : 0);
    }
    if (cleared)
        window = {.begun = begun, .done = done};
}

void Duel::clear(std::uint64_t choice) {
    const std::uint64_t done = done_;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const bool reads = choice % 4 == 0, mod = choice % 4 != 1;
    const auto answer = reads ? hcall(call::read, 0, slot_) : hcall(mod ? call::clear_mod : call::clear_ref, 0, slot_);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const std::uint64_t begun = begun_;
    Tally::count(tally().calls);
    expect("call of the duel", slot_, static_cast<std::uint64_t>(answer.status), status::success);
    const std::uint64_t d1 = reads ? answer.r(5) : answer.r(4);
    look(changed_, !reads && mod, (d1 & entry::c) != 0, done, begun);
    look(referenced_, !reads && !mod, (d1 & entry::r) != 0, done, begun);
    if (choice % 16 != 15)
        return;
    // I9: who sees that a store is done, sees what it stored. Not through its own entry, whose R that would set.
    const std::uint64_t before = done_;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const std::uint64_t seen = *reinterpret_cast<volatile std::uint64_t*>(page_);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    Tally::count(tally().lines);
    if (seen < before || seen > begun_) {
        Tally::count(tally().wrong_lines);
        bad("word of the duel", segment.address, seen, before);
    }
}

} // namespace storing
