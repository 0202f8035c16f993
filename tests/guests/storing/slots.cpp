// SPDX-License-Identifier: Apache-2.0
#include "slots.hpp"

#include "costs.hpp"

#include "../common/hypercall.hpp"
#include "../common/processors.hpp"
#include "../common/spr.hpp"

namespace storing {

using namespace guest;

namespace {

constexpr std::uint64_t no_entry = 0x4000'0000, protection = 0x0800'0000, for_store = 0x0200'0000; // DSISR
constexpr std::uint64_t data_storage = 0x300;

Answer call(std::string_view name, std::uint64_t where, const Answer& answer) {
    Tally::count(tally().calls);
    expect(name, where, static_cast<std::uint64_t>(answer.status), status::success);
    return answer;
}

} // namespace

void Slots::begin(const Machine& machine, std::uint64_t pages, std::uint64_t seed) {
    segment_ = {.address = (16 + seed) << 28, .vsid = 0x4500 + seed, .slb_bits = 0, .page_shift = 12};
    group_mask_ = (std::uint64_t{1} << (machine.table_shift - 7)) - 1;
    memory_ = pages;
    random_ = Random(seed);
}

std::uint64_t Slots::avpn(std::uint64_t page) const { return avpn_of(make_entry(segment_, address(page), 0).d0); }

/// With the condition or without.
std::uint64_t Slots::flags_of(std::uint64_t) { return random_.one_in(2) ? flag::avpn : 0; }

void Slots::work() {
    const std::uint64_t page = random_.below(virtual_pages);
    if (!slots_[page].entered)
        return random_.one_in(8) ? look_at_absent(page) : enter(page);
    switch (random_.below(16)) {
    case 0:
    case 1:
        return remove(page);
    case 2:
        return bulk_remove(page);
    case 3:
    case 4:
        return protect(page);
    case 5:
    case 6:
        return clear(page, call::clear_mod, entry::c);
    case 7:
        return clear(page, call::clear_ref, entry::r);
    case 8:
    case 9:
    case 10:
        return read(page);
    case 11:
    case 12:
        return load(page);
    default:
        return store(page);
    }
}

void Slots::enter(std::uint64_t page) {
    Slot& slot = slots_[page];
    const std::uint64_t real = memory_ + page % real_pages * 4096;
    auto what = make_entry(segment_, address(page), real);
    const std::uint64_t usage = random_.any_of(std::array{std::uint64_t{0}, std::uint64_t{0}, entry::r, entry::rc});
    what.d1 |= usage;
    slot.secondary = random_.one_in(4);
    std::uint64_t hash = hash_of(segment_, address(page));
    if (slot.secondary) {
        what.d0 |= entry::secondary;
        hash = ~hash;
    }
    const auto answer = costly(Costly::enter, call::enter, 0, (hash & group_mask_) << 3, what.d0, what.d1);
    Tally::count(tally().calls);
    if (answer.status == status::pteg_full)
        return;
    expect("H_ENTER", address(page), static_cast<std::uint64_t>(answer.status), status::success);
    slot.entered = answer.status == status::success;
    slot.read_only = false;
    slot.slot = answer.r(4);
    slot.usage.begin(usage);
}

void Slots::remove(std::uint64_t page) {
    Slot& slot = slots_[page];
    const auto answer =
        call("H_REMOVE", slot.slot, costly(Costly::remove, call::remove, flags_of(page), slot.slot, avpn(page)));
    slot.usage.look("H_REMOVE", slot.slot, answer.r(5));
    expect("page of H_REMOVE", slot.slot, answer.r(5) & entry::real_page, memory_ + page % real_pages * 4096);
    slot.entered = false;
}

void Slots::bulk_remove(std::uint64_t page) {
    // LoPAR H_BULK_REMOVE: pairs of specifiers; codes in bits 2 and 3, R and C in 4 and 5.
    constexpr std::uint64_t request = std::uint64_t{1} << 62, end = std::uint64_t{3} << 62,
                            by_avpn = std::uint64_t{2} << 56;
    constexpr std::uint64_t answered = std::uint64_t{2} << 62, code = std::uint64_t{3} << 60,
                            r = std::uint64_t{1} << 59, c = std::uint64_t{1} << 58;
    std::array<std::uint64_t, 8> specifiers;
    std::array<std::uint64_t, 4> pages{};
    std::size_t count = 0;
    for (std::uint64_t i = 0; i < virtual_pages && count < pages.size(); ++i)
        if (const std::uint64_t other = (page + i) % virtual_pages; slots_[other].entered) {
            specifiers[2 * count] = request | by_avpn | slots_[other].slot;
            specifiers[2 * count + 1] = avpn(other);
            pages[count++] = other;
        }
    for (std::size_t i = count; i < pages.size(); ++i)
        specifiers[2 * i] = end, specifiers[2 * i + 1] = 0;
    const auto answer = call("H_BULK_REMOVE", slots_[page].slot,
                             hcall(call::bulk_remove, specifiers[0], specifiers[1], specifiers[2], specifiers[3],
                                   specifiers[4], specifiers[5], specifiers[6], specifiers[7]));
    for (std::size_t i = 0; i < count; ++i) {
        Slot& slot = slots_[pages[i]];
        const std::uint64_t said = answer.outputs[2 * i];
        expect("code of H_BULK_REMOVE", slot.slot, said & (end | code), answered);
        slot.usage.look("H_BULK_REMOVE", slot.slot,
                        ((said & r) != 0 ? entry::r : 0) | ((said & c) != 0 ? entry::c : 0));
        slot.entered = false;
    }
}

void Slots::read(std::uint64_t page) {
    Slot& slot = slots_[page];
    const auto answer = call("H_READ", slot.slot, hcall(call::read, 0, slot.slot));
    slot.usage.look("H_READ", slot.slot, answer.r(5));
    expect("AVPN of H_READ", slot.slot, avpn_of(answer.r(4)), avpn(page));
    expect("page of H_READ", slot.slot, answer.r(5) & entry::real_page, memory_ + page % real_pages * 4096);
    expect("protection of H_READ", slot.slot, answer.r(5) & 3, slot.read_only ? entry::pp_read_only : entry::pp_both);
}

void Slots::protect(std::uint64_t page) {
    Slot& slot = slots_[page];
    slot.read_only = !slot.read_only;
    const std::uint64_t pp = slot.read_only ? entry::pp_read_only : entry::pp_both;
    call("H_PROTECT", slot.slot, costly(Costly::protect, call::protect, flags_of(page) | pp, slot.slot, avpn(page)));
}

void Slots::clear(std::uint64_t page, std::uint64_t token, std::uint64_t bit) {
    Slot& slot = slots_[page];
    const auto answer = call("H_CLEAR", slot.slot, hcall(token, 0, slot.slot));
    slot.usage.look(bit == entry::c ? "H_CLEAR_MOD" : "H_CLEAR_REF", slot.slot, answer.r(4));
    slot.usage.clear(bit);
}

void Slots::check_word(std::uint64_t page, std::uint64_t word, std::uint64_t got) {
    Tally::count(tally().lines);
    const std::uint64_t had_to_be = expected_[page % real_pages][word];
    if (got == had_to_be)
        return;
    Tally::count(tally().wrong_lines);
    bad("word", address(page) + word * 8, got, had_to_be);
}

void Slots::load(std::uint64_t page) {
    const std::uint64_t word = any_word();
    const auto* const at = reinterpret_cast<const volatile std::uint64_t*>(address(page)) + word;
    slots_[page].usage.load();
    check_word(page, word, *at);
}

void Slots::store(std::uint64_t page) {
    Slot& slot = slots_[page];
    const std::uint64_t word = any_word(), value = random_.next();
    if (slot.read_only) {
        const Fault fault = guarded_store(address(page) + word * 8, value, msr::dr);
        slot.usage.refused();
        expect("refused store", address(page), fault.vector, data_storage);
        return expect("cause of a refused store", address(page), fault.dsisr, protection | for_store);
    }
    auto* const at = reinterpret_cast<volatile std::uint64_t*>(address(page)) + word;
    *at = value;
    expected_[page % real_pages][word] = value;
    if (forgets_) {
        forgets_ = false;
        slot.usage.clear(entry::c);
        return;
    }
    slot.usage.store();
}

/// A page that is not entered.
void Slots::look_at_absent(std::uint64_t page) {
    std::uint64_t value = 0;
    const Fault fault = guarded_load(address(page), value, msr::dr);
    expect("load of an absent page", address(page), fault.vector, data_storage);
    expect("cause of an absent page", address(page), fault.dsisr, no_entry);
}

} // namespace storing
