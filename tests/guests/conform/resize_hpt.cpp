// SPDX-License-Identifier: Apache-2.0
// H_RESIZE_HPT_PREPARE and H_RESIZE_HPT_COMMIT. LoPAR, the calls of these names: what is bolted is in the new table as it was in the old
// one, in the same slot of its group. Every case that resizes leaves the table as large as it found it.
#include "access.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x1d1);
constexpr std::uint64_t bolted = 0x10;
constexpr std::uint64_t smallest = 18, largest = 46;

bool offered(Context& context) {
    if (context.machine().tree->has_function_set("hcall-hpt-resize"))
        return true;
    context.skip("ibm,hypertas-functions has no hcall-hpt-resize");
    return false;
}

/// Until it is not busy any more; how long it takes is nobody's business.
std::int64_t prepare(const Context& context, std::uint64_t shift) {
    constexpr std::int64_t first_long_busy = 9900, last_long_busy = 9905;
    const auto begin = guest::timebase();
    std::int64_t status = 0;
    do
        status = hcall(call::resize_hpt_prepare, 0, shift).status;
    while (status >= first_long_busy && status <= last_long_busy &&
           guest::timebase() - begin < 10 * context.machine().timebase_frequency);
    return status;
}

std::int64_t commit(std::uint64_t shift) { return hcall(call::resize_hpt_commit, 0, shift).status; }

void resize(Context& context, std::string_view label, std::uint64_t shift) {
    const auto prepared = prepare(context, shift);
    context.status(label, prepared == status::success ? commit(shift) : prepared, status::success);
}

std::uint64_t shift_of(const Context& context) { return context.machine().table_shift; }

/// First slot of the group of an address in a table of 2^shift bytes.
std::uint64_t group_in(std::uint64_t shift, std::uint64_t address) {
    return (guest::hash_of(segment, address) & ((std::uint64_t{1} << (shift - 7)) - 1)) << 3;
}

std::uint64_t enter_bolted(Context& context, std::uint64_t group, std::uint64_t address, const std::uint64_t* memory) {
    auto what = make_entry(segment, address, reinterpret_cast<std::uint64_t>(memory));
    what.d0 |= bolted;
    const auto answer = enter(context, 0, group, what);
    if (answer.status != status::success)
        context.status("enter", answer.status, status::success);
    return answer.r(4);
}

void listed_or_unknown(Context& context) {
    const bool listed = context.machine().tree->has_function_set("hcall-hpt-resize");
    const auto expected = listed ? status::success : status::function;
    context.holds("answered_as_listed", hcall(call::resize_hpt_prepare, 0, 0).status == expected);
}

void sizes(Context& context) {
    if (!offered(context))
        return;
    const auto asked = [](std::uint64_t shift) { return hcall(call::resize_hpt_prepare, 0, shift).status; };
    context.status("too_small", asked(smallest - 1), status::parameter);
    context.status("too_large", asked(largest + 1), status::parameter);
    context.status("beyond_the_machine", asked(largest), status::resource);
    context.status("one", asked(1), status::parameter);
    context.status("high_half", asked(std::uint64_t{1} << 32 | smallest), status::parameter);
    context.status("all_ones", asked(~std::uint64_t{0}), status::parameter);
    context.status("none", asked(0), status::success);
}

void flags(Context& context) {
    if (!offered(context))
        return;
    const std::uint64_t shift = shift_of(context);
    for (const std::uint64_t each : {std::uint64_t{1}, std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
        context.status("prepare", hcall(call::resize_hpt_prepare, each, shift).status, status::parameter);
        context.status("commit", hcall(call::resize_hpt_commit, each, shift).status, status::parameter);
    }
    context.status("nothing_is_prepared", commit(shift), status::closed);
}

void commit_of_nothing(Context& context) {
    if (!offered(context))
        return;
    const std::uint64_t shift = shift_of(context);
    context.status("never_prepared", commit(shift), status::closed);
    context.status("prepare", prepare(context, shift + 1), status::success);
    context.status("another_size", commit(shift), status::closed);
    context.status("prepared_still", prepare(context, shift + 1), status::success);
    context.status("cancel", prepare(context, 0), status::success);
    context.status("cancelled", commit(shift + 1), status::closed);
    context.status("flags", hcall(call::resize_hpt_commit, 1, shift + 1).status, status::parameter);
    context.status("table_is_the_same", hcall(call::read, 0, slot_count(context)).status, status::parameter);
}

/// By the primary hash only: QEMU ends with a failed assertion where a bolted entry is in its secondary group. The host's unit tests
/// have those.
void bolted_entries(Context& context) {
    if (!offered(context))
        return;
    const std::uint64_t shift = shift_of(context);
    const std::uint64_t a = segment.address + 0x1234000, b = segment.address + 0x5678000;
    set_segment(segment, 1);
    // Not in the first slot of its group, so that one sees that the slot stays.
    enter(context, flag::exact, group_in(shift, a), make_entry(segment, a + 0x8000000, 0));
    const auto slot_a = enter_bolted(context, group_in(shift, a), a, scratch(3));
    const auto slot_b = enter_bolted(context, group_in(shift, b), b, scratch(4));
    context.value("in_group", slot_a % 8, 1);
    real_store(scratch(4), 0x4444);
    context.value("store", store(a, 0x3333).vector, 0);
    const auto before = read(slot_a);
    context.value("rc", before.d1 & entry::rc, entry::rc);

    resize(context, "bigger", shift + 1);
    const auto new_a = group_in(shift + 1, a) | slot_a % 8, new_b = group_in(shift + 1, b) | slot_b % 8;
    const auto after = read(new_a);
    context.holds("same_entry", after.d0 == before.d0 && after.d1 == before.d1);
    context.value("load_a", load(a).value, 0x3333);
    context.value("load_b", load(b).value, 0x4444);
    context.value("rc_b", read(new_b).d1 & entry::rc, entry::r);
    context.value("store_b", store(b, 0x4545).vector, 0);
    context.status("last_slot", hcall(call::read, 0, 2 * slot_count(context) - 1).status, status::success);
    context.status("beyond", hcall(call::read, 0, 2 * slot_count(context)).status, status::parameter);

    resize(context, "back", shift);
    context.holds("same_entry_again", read(slot_a).d0 == before.d0);
    context.value("load_again", load(b).value, 0x4545);
    const auto removed = hcall(call::remove, 0, slot_b, 0);
    context.value("removed_rc", removed.r(5) & entry::rc, entry::rc);
    context.value("gone", load(b).fault.vector, 0x300);
    context.status("beyond_again", hcall(call::read, 0, slot_count(context)).status, status::parameter);
}

/// Between the two calls the partition goes on with its table, and the new one knows it.
void changes_while_prepared(Context& context) {
    if (!offered(context))
        return;
    const std::uint64_t shift = shift_of(context);
    std::array<std::uint64_t, 4> at{}, slots{};
    set_segment(segment, 1);
    for (unsigned i = 0; i < at.size(); ++i)
        at[i] = segment.address + 0x100000 + i * 0x11000;
    for (unsigned i = 0; i < 3; ++i)
        slots[i] = enter_bolted(context, group_in(shift, at[i]), at[i], scratch(i));
    context.status("prepare", prepare(context, shift + 1), status::success);
    const std::uint64_t read_only = entry::pp_read_only;
    context.status("protect", hcall(call::protect, read_only, slots[0], 0).status, status::success);
    context.status("remove", hcall(call::remove, 0, slots[1], 0).status, status::success);
    slots[3] = enter_bolted(context, group_in(shift, at[3]), at[3], scratch(3));
    context.value("store", store(at[2], 0x22).vector, 0);
    context.status("clear", hcall(call::clear_mod, 0, slots[2]).status, status::success);
    context.status("commit", commit(shift + 1), status::success);
    const auto now = [&](unsigned i) { return read(group_in(shift + 1, at[i]) | slots[i] % 8); };
    context.value("protected", now(0).d1 & 3, read_only);
    context.value("removed", now(1).d0, 0);
    context.value("cleared", now(2).d1 & entry::rc, entry::r);
    context.value("entered", now(3).d0 & entry::valid, entry::valid);
    context.value("store_refused", store(at[0], 1).vector, 0x300);
    context.value("store_entered", store(at[3], 0x33).vector, 0);
    resize(context, "back", shift);
    context.value("load", load(at[3]).value, 0x33);
}

void no_room(Context& context) {
    if (!offered(context))
        return;
    const std::uint64_t shift = shift_of(context);
    resize(context, "bigger", shift + 1);
    // Of the larger table's groups they have two, of the smaller one's one.
    const std::uint64_t a = segment.address + 0x30000, b = a ^ std::uint64_t{1} << (shift - 7 + 12);
    const auto slot_a = enter_bolted(context, group_in(shift + 1, a), a, scratch(5));
    const auto slot_b = enter_bolted(context, group_in(shift + 1, b), b, scratch(6));
    context.holds("other_groups", slot_a / 8 != slot_b / 8 && slot_a % 8 == slot_b % 8);
    context.status("prepare", prepare(context, shift), status::success);
    context.status("full", commit(shift), status::pteg_full);
    context.status("not_prepared_any_more", commit(shift), status::closed);
    context.holds("both_are_there", (read(slot_a).d0 & read(slot_b).d0 & entry::valid) != 0);
    context.status("remove", hcall(call::remove, 0, slot_b, 0).status, status::success);
    resize(context, "back", shift);
    context.holds("still_there", (read(group_in(shift, a) | slot_a % 8).d0 & entry::valid) != 0);
    hcall(call::remove, 0, group_in(shift, a) | slot_a % 8, 0);
}

constexpr std::array cases = {
    Case{"resize_hpt.listed_or_unknown", &listed_or_unknown, good(call::resize_hpt_prepare)},
    Case{"resize_hpt.sizes", &sizes, boundary(call::resize_hpt_prepare)},
    Case{"resize_hpt.flags", &flags, hostile(call::resize_hpt_prepare, call::resize_hpt_commit)},
    Case{"resize_hpt.commit_of_nothing", &commit_of_nothing, boundary(call::resize_hpt_commit)},
    Case{"resize_hpt.bolted_entries", &bolted_entries, good(call::resize_hpt_commit, call::resize_hpt_prepare)},
    Case{"resize_hpt.changes_while_prepared", &changes_while_prepared, good(call::resize_hpt_commit)},
    Case{"resize_hpt.no_room", &no_room, boundary(call::resize_hpt_commit)},
};

} // namespace

std::span<const Case> resize_hpt_cases() { return cases; }

} // namespace conform
