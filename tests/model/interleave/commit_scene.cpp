// SPDX-License-Identifier: Apache-2.0
#include "commit_scene.hpp"

namespace transom::interleave {

namespace {

constexpr std::uint32_t tlb_place = first_tlb_place + CommitScene::walker;

Mutation plant(Mutation mutation) { return CheckedWalkers::planted = mutation; }

} // namespace

CommitScene::CommitScene(bool grows, Mutation mutation) : ResizeScene(grows), planted_(plant(mutation)) {
    CheckedWalkers::in_fault = {};
    machine_.on_flush_ = [this](const arch::FakeFlush& what) { flush(what); };
    put(0);
    begin();
    copy();
    engine_.know_lpids({first_lpid, second_lpid});
    static_cast<void>(engine_.enter(caller, caller));
}

void CommitScene::call_protect() {
    if (is_dispatched()) {
        protect(0);
        protected_ = true;
    }
    engine_.leave(caller);
}

void CommitScene::call_enter() {
    if (is_dispatched())
        entered_ = enter(1);
    engine_.leave(caller);
}

void CommitScene::commit() {
    engine_.close_calls(*this);
    if (engine_.grace_awaits() != 0)
        return;
    if ((refused_ = is_full()))
        return divert(dual::CallsGo::to_first);
    invariant(engine_.start_change({first_lpid, second_lpid}, *this), "start_change");
    if (!engine_.all_on_second())
        return;
    change_over();
    static_cast<void>(arch::Tlb::flush_partition(engine_.lpids().both()));
    engine_.stop();
}

void CommitScene::walk() {
    for (int i = 0; i < 2; ++i)
        store(engine_.enter(walker, walker).table == dual::Which::second);
    engine_.leave(walker);
}

void CommitScene::flush(const arch::FakeFlush& what) {
    Explorer::wait({.place = tlb_place, .write = true}, [this] { return !busy_; });
    std::erase_if(tlb_, [&](const Held& held) { return held.lpid == what.lpid; });
}

/// As the machine makes it.
void CommitScene::store(bool second) {
    const std::uint32_t lpid = second ? second_lpid : first_lpid;
    StepMemory& memory = second || changed_ ? next_ : old_;
    const Ptex slot = place(0, second || changed_ ? new_log2_ : old_log2_);
    const auto word = [&](unsigned i, bool write) -> std::uint64_t& {
        Explorer::step({.place = memory.place(slot, i), .write = write});
        return (*memory.find(slot))[i];
    };
    Explorer::step({.place = tlb_place, .write = true});
    busy_ = true;
    auto held = std::ranges::find(tlb_, lpid, &Held::lpid);
    if (held == tlb_.end() && (word(0, false) & papr::d0::valid) != 0)
        held = tlb_.insert(tlb_.end(), {lpid, word(1, false)});
    if (held != tlb_.end() && dual::permits_store(held->d1)) {
        word(1, true) |= R | C;
        if (protected_)
            Explorer::fail("I2: a store after the call that forbade it");
        stored_ = true;
    }
    Explorer::step({.place = tlb_place, .write = true});
    busy_ = false;
}

std::string CommitScene::at_end() {
    if (refused_)
        return tables_.full() ? "" : "there is room";
    for (unsigned page = 0; page <= (entered_ ? 1u : 0u); ++page) {
        const auto& here = *old_.find(place(page, old_log2_));
        const auto& there = *next_.find(place(page, new_log2_));
        if ((changed_ || !entered_) && (there[0] != here[0] || ((there[1] ^ here[1]) & ~usage) != 0))
            return "a bolted entry is lost";
    }
    if (!changed_)
        return "";
    fold();
    if (stored_ && (usage_at_end(0) & C) == 0)
        return "I3: C is lost";
    return "";
}

} // namespace transom::interleave
