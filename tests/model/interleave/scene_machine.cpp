// SPDX-License-Identifier: Apache-2.0
#include "scene.hpp"
#include <algorithm>
#include <utility>

// The processors of a scene, as the architecture has them.
namespace transom::interleave {

using dual::AccessKind;
using dual::FaultAnswer;
using dual::Phase;
using dual::Which;

void Scene::flush_processor(unsigned processor, std::uint32_t lpid, std::optional<unsigned> page) {
    // Who is making an access makes it first: tlbsync and ptesync wait for it.
    Explorer::wait({.place = first_tlb_place + processor, .write = true, .blind = true},
                   [this, processor] { return !tlbs_[processor].busy; });
    std::erase_if(tlbs_[processor].held,
                  [&](const Tlb::Held& held) { return held.lpid == lpid && (!page || held.page == *page); });
}

void Scene::flush(const arch::FakeFlush& what) {
    std::optional<unsigned> page;
    if (what.page) {
        page = (*what.page).address >> 16 & 1;
        if (setup_.mutation == Mutation::batch_flushes_one && Doing::now().sweep &&
            std::exchange(Doing::now().flushed, true))
            return;
        if (setup_.mutation == Mutation::no_flush_at_fold && engine_.phase() == Phase::dual && what.lpid == 2)
            return;
    } else if (setup_.mutation == Mutation::no_flush_at_switch) {
        return;
    }
    const bool of_call = !Doing::now().fault && !Doing::now().sweep;
    const bool forgotten = of_call && (setup_.mutation == Mutation::no_flush ||
                                       (setup_.mutation == Mutation::first_lpid_only && what.lpid != first_lpid));
    for (unsigned i = 0; i < processors && !forgotten; ++i)
        flush_processor(i, what.lpid, page);
    // With two LPIDs T1's is the last.
    if (of_call && page && what.lpid == first_lpid) {
        touches(*page);
        Call& call = calling_[Explorer::actor()];
        Truth& truth = truths_[*page];
        call.at_flush[*page] = truth;
        if ((call.clears & C) != 0)
            truth.stored = false;
        if ((call.clears & R) != 0)
            truth.referenced = false;
    }
}

void Scene::note_made(unsigned page, AccessKind kind) {
    touches(page);
    Truth& truth = truths_[page];
    if (truth.no_access || (kind == AccessKind::store && truth.no_store))
        Explorer::fail("I2: an access was made after the call that forbade it");
    const bool all = tracked_ || (walks_[0] == Which::second && walks_[1] == Which::second);
    if (kind == AccessKind::store && all && grants_[page] <= 0)
        Explorer::fail("P1: a store that nobody has counted");
    truth.referenced = true;
    truth.stored = truth.stored || kind == AccessKind::store;
}

/// As the machine makes it: 0, or the cause of the interrupt.
std::uint64_t Scene::try_access(unsigned processor, unsigned page, AccessKind kind) {
    Tlb& tlb = tlbs_[processor];
    const bool second = walks_[processor] == Which::second;
    const std::uint32_t lpid = second ? engine_.lpids().second : first_lpid;
    const std::uint32_t tlb_place = first_tlb_place + processor;
    CheckedMemory* memory = second ? &second_ : &first_;
    const auto end = [&](std::uint64_t result) {
        Explorer::step({.place = tlb_place, .write = true, .blind = true});
        tlb.busy = false;
        return result;
    };
    const bool looked_at = second && setup_.ends;
    Explorer::step({.place = tlb_place, .write = true, .also_reads = looked_at ? phase_place : Step::nothing});
    memory->check();
    tlb.busy = true;
    auto held = std::ranges::find_if(tlb.held, [&](const Tlb::Held& h) { return h.lpid == lpid && h.page == page; });
    std::uint64_t d1 = 0;
    if (held == tlb.held.end()) {
        Explorer::step({.place = memory->place(slots_[page], CheckedMemory::d0)});
        const std::uint64_t d0 = *memory->find(slots_[page], CheckedMemory::d0);
        Explorer::step({.place = memory->place(slots_[page], CheckedMemory::d1)});
        d1 = *memory->find(slots_[page], CheckedMemory::d1);
        if ((d0 & papr::d0::valid) == 0)
            return end(dual::absence(made(page, kind)));
    } else {
        d1 = held->d1;
        memory = held->second ? &second_ : &first_; // where it came from
    }
    if (const std::uint64_t refused = dual::refusal(made(page, kind), d1); refused != 0)
        return end(refused);
    const auto set = [&](std::uint64_t bit) {
        Explorer::step({.place = memory->place(slots_[page], CheckedMemory::d1), .write = true, .blind = true});
        *memory->find(slots_[page], CheckedMemory::d1) |= bit;
        d1 |= bit;
    };
    if (held == tlb.held.end()) {
        set(R); // whatever was there: the entry may have been loaded before somebody changed it
        tlb.held.push_back({lpid, page, second, d1});
        held = std::prev(tlb.held.end());
    }
    if (kind == AccessKind::store && (d1 & C) == 0)
        set(C);
    held->d1 = d1;
    note_made(page, kind);
    return end(0);
}

/// The partition gets an interrupt.
void Scene::reflect(unsigned page) {
    touches(page);
    if (!changed_[page])
        Explorer::fail("I7: a fault that the partition would not have without a migration");
}

void Scene::access(unsigned processor, unsigned page, AccessKind kind) {
    const Operation operation(*this);
    for (int tries = 0; tries < 4; ++tries) {
        if (try_access(processor, page, kind) == 0)
            return;
        if (walks_[processor] == Which::first)
            return reflect(page);
        Doing::now().fault = CheckedWalkers::in_fault[processor] = true;
        const auto outcome = engine_.fault(processor, made(page, kind));
        Doing::now().fault = CheckedWalkers::in_fault[processor] = false;
        if (outcome.answer == FaultAnswer::reflect)
            return reflect(page);
        if (outcome.answer == FaultAnswer::change_table)
            pass(processor);
    }
    Explorer::fail("I7: an access is never made");
}

void Scene::pass(unsigned processor) {
    const dual::Entry entry = engine_.enter(processor, processor);
    Explorer::touches(all_pages);
    Explorer::keeps(static_cast<std::uint64_t>(entry.table) << 1 | (entry.flush ? 1 : 0));
    walks_[processor] = entry.table;
    if (entry.flush && setup_.mutation != Mutation::no_flush_at_switch)
        std::erase_if(tlbs_[processor].held, [](const Tlb::Held& held) { return held.lpid == first_lpid; });
}

} // namespace transom::interleave
