// SPDX-License-Identifier: Apache-2.0
#include "table_check.hpp"
#include "entry_check.hpp"
#include <algorithm>
#include <arch/real_memory.hpp>
#include <cstring>
#include <fmt/format.h>

namespace transom::hcall_fuzz {
namespace {

using papr::Op;

/// Slots that are compared in one go.
constexpr std::uint64_t stretch = 256;

bool was_flushed(const Scene& scene, std::size_t first, std::uint64_t slot, const SlotWords& before) {
    const std::uint64_t d0 = hpt::to_papr_d0(scene.partition().hpt.options().format, {before.d0, before.d1});
    const hpt::FlushObligation page = hpt::virtual_page(d0, hpt::page_sizes({d0, before.guest_word}), papr::Ptex{slot});
    const auto& flushes = scene.machine().flushes_;
    return std::any_of(flushes.begin() + static_cast<std::ptrdiff_t>(first), flushes.end(),
                       [&](const arch::FakeFlush& flush) {
                           return flush.lpid == scene.partition().lpid && (!flush.page || flush.page == page);
                       });
}

const char* wrong_change(const Scene& scene, const TableScope& scope, std::size_t first_flush, std::uint64_t slot,
                         const SlotWords& before, const SlotWords& now) {
    if (!scope.contains(slot))
        return "a slot changed that the call does not name";
    if (const char* wrong = wrong_with(scene, now))
        return wrong;
    if (is_own(now) && !is_own(before) && scope.own != TableScope::Own::may_come)
        return "an entry for real mode came from nowhere";
    if (is_own(before) && !is_own(now) && scope.own != TableScope::Own::may_go)
        return "an entry for real mode went";
    if ((before.d0 & papr::d0::valid) != 0 && (before.d0 != now.d0 || before.d1 != now.d1) &&
        !was_flushed(scene, first_flush, slot, before))
        return "a translation was changed and not flushed";
    return nullptr;
}

} // namespace

bool TableScope::contains(std::uint64_t slot) const {
    return everywhere || std::find(slots.begin(), slots.end(), slot) != slots.end();
}

TableScope scope_of(Op op, const std::array<std::uint64_t, 32>& gpr) {
    TableScope scope;
    const auto add = [&scope](std::uint64_t slot) { (void)scope.slots.push_back(slot); };
    switch (op) {
    case Op::enter:
        for (std::uint64_t i = 0; i < papr::slots_per_group; ++i)
            add((gpr[5] & ~std::uint64_t{papr::slots_per_group - 1}) + i);
        scope.own = TableScope::Own::may_go;
        break;
    case Op::remove:
    case Op::protect:
    case Op::clear_mod:
    case Op::clear_ref:
        add(gpr[5]);
        break;
    case Op::bulk_remove:
        for (unsigned i = 0; i < papr::bulk::max_specifiers; ++i)
            add(gpr[4 + 2 * i] & papr::bulk::index);
        break;
    case Op::block_remove:
        for (unsigned i = 0; i < papr::block::max_specifiers; ++i)
            add(gpr[5 + i] & papr::bulk::index);
        break;
    case Op::clear_hpt:
        scope.everywhere = true;
        break;
    default:
        break;
    }
    return scope;
}

std::string check_table(Scene& scene, const TableScope& scope, std::size_t first_flush) {
    const auto* const entries = reinterpret_cast<const std::uint64_t*>(arch::real_pointer(table_address));
    constexpr std::size_t word = sizeof(std::uint64_t);
    for (std::uint64_t first = 0; first < slots; first += stretch) {
        if (std::memcmp(entries + 2 * first, &scene.seen_entries[2 * first], 2 * stretch * word) == 0 &&
            std::memcmp(&scene.guest_words[first], &scene.seen_guest_words[first], stretch * word) == 0)
            continue;
        for (std::uint64_t slot = first; slot < first + stretch; ++slot) {
            std::uint64_t* const seen = &scene.seen_entries[2 * slot];
            const SlotWords before{big_endian(seen[0]), big_endian(seen[1]), scene.seen_guest_words[slot]};
            const SlotWords now = scene.slot(slot);
            if (now == before)
                continue;
            if (const char* wrong = wrong_change(scene, scope, first_flush, slot, before, now))
                return fmt::format("{}: slot {:#x} was {:016x} {:016x} ({:016x}) and is {:016x} {:016x} ({:016x})",
                                   wrong, slot, before.d0, before.d1, before.guest_word, now.d0, now.d1,
                                   now.guest_word);
            std::memcpy(seen, entries + 2 * slot, 2 * word);
            scene.seen_guest_words[slot] = now.guest_word;
        }
    }
    return {};
}

} // namespace transom::hcall_fuzz
