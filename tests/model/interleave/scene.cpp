// SPDX-License-Identifier: Apache-2.0
#include "scene.hpp"
#include <transom/base/panic.hpp>
#include <utility>

namespace transom::interleave {

using dual::AccessKind;
using dual::FaultAnswer;
using dual::Phase;
using dual::Which;

namespace {

constexpr std::uint64_t vsid = 5;
constexpr std::uint64_t lock_bit = 0x40;
constexpr hpt::SegmentOffset place_of(unsigned page) {
    // Both in one group: bits of the segment's number make up for those of the page.
    return {papr::SegmentSize::tib_1, vsid ^ page, std::uint64_t{page} << 16};
}
papr::Ptex slot_of(unsigned page) {
    const std::uint64_t hash = hpt::primary_hash(place_of(page), papr::PageSize::kib_64);
    return papr::ptex(hpt::group_of(hash, log2_table), page);
}

} // namespace

papr::PageTableEntry Scene::entry(unsigned page) {
    return {hpt::virtual_page_field(place_of(page), papr::PageSize::kib_64) | papr::d0::large | papr::d0::valid,
            std::uint64_t{page} << 16 | 0x1000 | papr::d1::wimg_memory | 2};
}

dual::Access Scene::made(unsigned page, AccessKind kind) const {
    return {place_of(page), papr::PageSize::kib_64, kind};
}

Scene::Scene(const Setup& setup)
    : setup_(setup), slots_{slot_of(0), slot_of(1)}, first_(0, {slots_[0], slots_[1]}),
      second_(1, {slots_[0], slots_[1]}),
      live_words_(dual::GroupMarks::words_for((std::uint64_t{1} << log2_table) >> papr::log2_group_size)),
      usage_words_(setup.sends ? live_words_.size() : 0),
      section_words_(setup.sends
                         ? dual::ChangedSections::words_for((std::uint64_t{1} << log2_table) >> papr::log2_entry_size)
                         : 0) {
    MutableTwins::planted = CheckedWalkers::planted = setup.mutation;
    Doing::reset();
    CheckedWalkers::in_fault = {};
    invariant(memory_.add_block(RealAddr{0x3000000}), "block");
    if (setup.ends)
        second_.watch();
    machine_.on_flush_ = [this](const arch::FakeFlush& what) { flush(what); };
    table_.init(CheckedSlots(first_, setup.mutation), log2_table, {});
    for (unsigned i = 0; i < pages; ++i)
        invariant(table_.restore({slots_[i], entry(i)}, memory_).has_value(), "restore");
    if (setup.begun) {
        start();
        invariant(engine_.advance() == Phase::dual, "dual");
    }
    for (unsigned i = 0; i < processors; ++i)
        walks_[i] = engine_.enter(i, i).table;
}

void Scene::start() {
    Explorer::step({.place = phase_place, .write = true});
    const std::uint32_t second_lpid = setup_.one_lpid ? first_lpid : 2;
    invariant(engine_.start(table_, {CheckedSlots(second_, setup_.mutation),
                                     live_words_,
                                     {first_lpid, second_lpid},
                                     this,
                                     this,
                                     setup_.stores,
                                     section_words_,
                                     usage_words_}),
              "start");
}

Scene::~Scene() { Doing::reset(); }

void Scene::raise(LogicalAddr page, Bytes) {
    touches(page.value >> 16 & 1);
    ++grants_[page.value >> 16];
}
void Scene::lower(LogicalAddr page, Bytes) {
    touches(page.value >> 16 & 1);
    --grants_[page.value >> 16];
}

// --- the hypervisor

void Scene::check_answer(unsigned page, std::uint64_t usage, const char* call) {
    const auto& truth = calling_[Explorer::actor()].at_flush[page];
    if (!truth)
        return;
    if (((usage & C) != 0) != truth->stored)
        Explorer::fail(std::string(truth->stored ? "I3: C is lost by " : "I4: C is invented by ") + call);
    if (((usage & R) != 0) != truth->referenced)
        Explorer::fail(std::string(truth->referenced ? "I3: R is lost by " : "I4: R is invented by ") + call);
}

template <class Table> void Scene::remove_from(Table& table, bool both, unsigned page) {
    const Operation operation(*this);
    begin_change(page);
    auto begun = table.begin_remove({slots_[page], {}});
    if (!begun)
        return;
    const hpt::Flushed flushed =
        both ? discharge(begun->obligation()) : arch::Tlb::discharge(begun->obligation(), first_lpid);
    const auto removed = table.finish_remove(std::move(*begun), flushed);
    check_answer(page, removed.d1, "H_REMOVE");
    touches(page);
    truths_[page] = {.no_store = true, .no_access = true};
}

void Scene::remove(unsigned page) { remove_from(engine_.table(), true, page); }

void Scene::remove_as_diverted(unsigned page) {
    Explorer::step({.place = diversion_place});
    if (diverted_)
        remove_from(engine_.table(), true, page);
    else
        remove_from(table_, false, page);
}

void Scene::block_remove() {
    const Operation operation(*this);
    begin_call();
    Explorer::touches(all_pages);
    changed_ = {true, true};
    std::optional<hpt::BlockAnchor> anchor;
    std::array<std::optional<hpt::Pending<hpt::RemoveWork>>, pages> begun;
    std::array<hpt::FlushObligation, pages> obligations;
    for (unsigned i = 0; i < pages; ++i) {
        anchor.reset();
        if (auto one = engine_.table().begin_block_remove({slots_[i], {}}, anchor)) {
            obligations[i] = one->obligation();
            begun[i].emplace(std::move(*one));
        }
    }
    const auto flushed =
        with_scope([&](const hpt::FlushScope& scope) { return arch::Tlb::discharge_all(obligations, scope); });
    for (unsigned i = 0; i < pages; ++i)
        if (begun[i]) {
            const auto removed = engine_.table().finish_remove(std::move(*begun[i]), flushed[i]);
            check_answer(i, removed.d1, "H_BLOCK_REMOVE");
            touches(i);
            truths_[i] = {.no_store = true, .no_access = true};
        }
}

template <class Begun> void Scene::modify(Begun begun, unsigned page, const char* call) {
    if (!begun)
        return;
    const bool changes = static_cast<bool>(begun->obligation());
    const hpt::Flushed flushed = discharge(begun->obligation());
    const std::uint64_t before = engine_.table().finish_modify(std::move(*begun), flushed);
    calling_[Explorer::actor()].clears = 0;
    if (changes)
        check_answer(page, before, call);
}

void Scene::protect(unsigned page, std::uint64_t pp) {
    const Operation operation(*this);
    begin_change(page);
    modify(engine_.table().begin_protect({slots_[page], {}, pp}), page, "H_PROTECT");
    touches(page);
    if (!truths_[page].no_access)
        truths_[page].no_store = pp == 3;
}

void Scene::clear(unsigned page, std::uint64_t usage) {
    const Operation operation(*this);
    begin_change(page);
    calling_[Explorer::actor()].clears = usage;
    modify(engine_.table().begin_clear({slots_[page]}, usage), page, usage == C ? "H_CLEAR_MOD" : "H_CLEAR_REF");
}

void Scene::read(unsigned page) {
    const Operation operation(*this);
    begin_call();
    touches(page);
    const Truth before = truths_[page]; // what had been done when the call began
    Explorer::learns(before.bits());
    const auto entry = engine_.table().read(slots_[page]);
    if (entry && entry->valid() &&
        ((before.stored && (entry->d1 & C) == 0) || (before.referenced && (entry->d1 & R) == 0)))
        Explorer::fail("I3: H_READ does not show what was done before it");
}

void Scene::enter(unsigned page) {
    const Operation operation(*this);
    begin_change(page);
    hpt::Gprs gprs{};
    gprs[5] = slots_[page].value;
    gprs[6] = entry(page).d0;
    gprs[7] = entry(page).d1;
    auto begun = engine_.table().begin_enter(*hpt::EnterArgs::parse(gprs), memory_);
    if (!begun)
        return Explorer::fail("L9: H_ENTER finds no slot in a group that has some");
    const hpt::Flushed flushed = discharge(begun->obligation());
    const papr::Ptex slot = begun->slot();
    touches(page);
    if (slot == slots_[page])
        truths_[page] = {};
    static_cast<void>(engine_.table().finish_enter(std::move(*begun), flushed));
}

void Scene::clear_table() {
    const Operation operation(*this);
    begin_call();
    Explorer::touches(all_pages);
    changed_ = {true, true};
    while (const auto batch = engine_.table().begin_clear_batch()) {
        std::optional<hpt::PartitionFlushed> flushed;
        if (batch->must_flush)
            flushed = with_scope([](const hpt::FlushScope& scope) { return arch::Tlb::flush_partition(scope); });
        engine_.table().finish_clear_batch(*batch, flushed);
    }
    Explorer::touches(all_pages);
    truths_ = {Truth{.no_store = true, .no_access = true}, Truth{.no_store = true, .no_access = true}};
}

void Scene::send() {
    begin_call();
    const auto give = [this](const hpt::UsedSlot& used) {
        for (unsigned i = 0; i < pages; ++i)
            if (used.slot == slots_[i])
                sent_[i] = used.entry;
    };
    sent_ = {};
    const hpt::Section section = hpt::section_of(slots_[0]);
    if (setup_.mutation != Mutation::take_after_read) {
        Explorer::step({.place = sections_place, .write = true}); // the mark is taken
        return engine_.table().read_section(section, give);
    }
    for (unsigned i = 0; i < pages; ++i)
        if (const auto entry = engine_.table().read(slots_[i]); entry && *entry != papr::PageTableEntry{})
            sent_[i] = *entry;
    Explorer::step({.place = sections_place, .write = true});
    engine_.sections().take(section);
}

void Scene::look() {
    begin_call();
    Doing::now().look = true;
    const papr::GroupIndex group = slots_[0].group();
    if (setup_.mutation == Mutation::look_takes_late) {
        Explorer::step({.place = groups_place, .write = true});
        const bool marked = engine_.twins().usage.next(group, {group.value + 1}) == group;
        const bool settled = marked && engine_.table().mark_newer_usage(group);
        Explorer::step({.place = groups_place, .write = true});
        if (settled)
            engine_.twins().usage.take(group);
    } else {
        dual::UsageLook look;
        static_cast<void>(look.interval(engine_.table(), engine_.twins(),
                                        {.groups = ~std::uint64_t{0} >> 1, .ticks = ~std::uint64_t{0}}, [] {
                                            Explorer::step({.place = groups_place, .write = true});
                                            return 0;
                                        }));
    }
    Doing::now().look = false;
}

void Scene::fill(unsigned processor, unsigned page, AccessKind kind) {
    static_cast<void>(engine_.fault(processor, made(page, kind)));
}

std::string Scene::check_sent() {
    if (setup_.mutation != Mutation::machine_not_seen)
        look();
    if (engine_.sections().is_marked(hpt::section_of(slots_[0])))
        send();
    for (unsigned i = 0; i < pages; ++i)
        if (sent_[i] != *engine_.table().read(slots_[i]))
            return "what was sent is not what is there";
    return {};
}

void Scene::stop() {
    const Operation operation(*this);
    Explorer::step({.place = phase_place, .write = true});
    engine_.stop();
}

void Scene::advance() {
    const Operation operation(*this);
    Explorer::step({.place = phase_place, .write = true});
    if (engine_.advance() == Phase::normal && !engine_.active())
        second_.give_back();
}

void Scene::ask_whether_all_are_tracked() {
    Explorer::touches(all_pages);
    tracked_ = engine_.all_on_second();
}

void Scene::sweep(dual::Fold fold) {
    const Operation operation(*this);
    begin_call();
    Doing::now().sweep = true;
    static_cast<void>(engine_.sweep({.groups = ~std::uint64_t{0} >> 1, .ticks = ~std::uint64_t{0}}, fold, [] {
        Explorer::step({.place = groups_place, .write = true});
        return 0;
    }));
    Doing::now().sweep = false;
}

void Scene::to_drain() {
    engine_.stop();
    for (unsigned i = 0; i < processors; ++i)
        pass(i);
    engine_.advance();
}

void Scene::to_end() {
    sweep();
    engine_.advance();
    for (unsigned i = 0; i < processors; ++i)
        pass(i);
    engine_.advance();
    invariant(!engine_.active(), "a migration does not end");
}

void Scene::to_dual() {
    start();
    for (unsigned i = 0; i < processors; ++i)
        pass(i);
    engine_.advance();
    for (unsigned i = 0; i < processors; ++i)
        pass(i);
}

// --- what has to hold

std::string Scene::after_step() {
    for (unsigned i = 0; i < pages; ++i) {
        const std::uint64_t d0 = *first_.find(slots_[i], CheckedMemory::d0),
                            twin = *second_.find(slots_[i], CheckedMemory::d0);
        const std::uint64_t d1 = *first_.find(slots_[i], CheckedMemory::d1),
                            twin_d1 = *second_.find(slots_[i], CheckedMemory::d1);
        if ((twin & papr::d0::valid) == 0)
            continue;
        if ((d0 & ~lock_bit) != twin || ((d1 ^ twin_d1) & ~papr::d1::usage & ~papr::d1::protection) != 0)
            return "I1: T2 has what T1 has not";
        if (dual::permits_store(twin_d1) && !dual::permits_store(d1))
            return "I1: T2 permits what T1 does not";
    }
    return {};
}

std::string Scene::at_end() {
    if (setup_.sends)
        if (const std::string wrong = check_sent(); !wrong.empty())
            return wrong;
    // All that is left to be done is done, one step after the other.
    if (engine_.phase() == Phase::normal)
        engine_.advance();
    engine_.stop();
    for (unsigned i = 0; i < processors; ++i)
        pass(i);
    const auto over = [this] { return !engine_.active() || engine_.phase() == Phase::release; };
    for (unsigned i = 0; i < 3 && !over(); ++i) {
        engine_.advance();
        sweep();
    }
    if (!over() || engine_.live() != 0)
        return "T2 is not empty at the end";
    const dual::Counters& counters = engine_.counters();
    if (counters.drained_by_calls + counters.drained_by_sweep != engine_.live_at_switch())
        return "R7: as many entries are drained as there were";
    if (counters.mismatches != 0)
        return "C4: an entry of T2 was not T1's";
    for (unsigned i = 0; i < pages; ++i) {
        if (*second_.find(slots_[i], CheckedMemory::d0) != 0 || *second_.find(slots_[i], CheckedMemory::d1) != 0)
            return "something is left in T2";
        if (grants_[i] != 0)
            return "P2: as many grants are to go as came";
        const papr::PageTableEntry now = *table_.read(slots_[i]);
        if (!now.valid())
            continue;
        if (((now.d1 & C) != 0) != truths_[i].stored)
            return truths_[i].stored ? "I3: C is lost" : "I4: C is invented";
        if (((now.d1 & R) != 0) != truths_[i].referenced)
            return truths_[i].referenced ? "I3: R is lost" : "I4: R is invented";
    }
    return {};
}

} // namespace transom::interleave
