// SPDX-License-Identifier: Apache-2.0
// H_ENTER: what its flags ask to be done with the page, and flags that ask for nothing. LoPAR "H_ENTER" and "Page Frame Table
// Access flags field definition".
#include "access.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x19);

std::uint64_t group(const Context& context) { return group_of(context, segment, segment.address); }

Entry page_of(const std::uint64_t* memory) {
    return make_entry(segment, segment.address, reinterpret_cast<std::uint64_t>(memory));
}

void fill(unsigned first, unsigned pages, std::uint64_t value) {
    for (std::uint64_t i = 0; i < pages * 512; ++i)
        real_store(scratch(first) + i, value);
}

bool all(unsigned first, unsigned pages, std::uint64_t value) {
    for (std::uint64_t i = 0; i < pages * 512; ++i)
        if (real_load(scratch(first) + i) != value)
            return false;
    return true;
}

void zero_page_and_no_more(Context& context) {
    fill(4, 3, 0x77);
    const auto answer = enter(context, flag::exact | flag::zero_page, group(context), page_of(scratch(5)));
    context.status("status", answer.status, status::success);
    context.holds("zero", all(5, 1, 0));
    context.holds("neighbours_kept", all(4, 1, 0x77) && all(6, 1, 0x77));
}

void zero_page_of_64_kib(Context& context) {
    const auto encoding = page_encoding(context, 16, 16);
    if (!encoding)
        return context.skip("ibm,segment-page-sizes has no 64 KiB pages");
    fill(0, 32, 0x55);
    const auto what =
        make_large_entry(segment, segment.address, reinterpret_cast<std::uint64_t>(scratch(16)), encoding->pte, 16);
    context.status("status", enter(context, flag::zero_page, group(context), what).status, status::success);
    context.holds("zero", all(16, 16, 0));
    context.holds("page_before_kept", all(0, 16, 0x55));
}

void zero_page_only_with_a_slot(Context& context) {
    enter(context, flag::exact, group(context), page_of(scratch(5)));
    fill(4, 1, 0x66);
    const auto what = page_of(scratch(4));
    context.status("taken", enter(context, flag::exact | flag::zero_page, group(context), what).status,
                   status::pteg_full);
    auto inhibited = what;
    inhibited.d1 ^= entry::memory | entry::inhibited;
    context.status("attributes", enter(context, flag::zero_page, group(context), inhibited).status, status::parameter);
    context.status("slot", enter(context, flag::zero_page, slot_count(context), what).status, status::parameter);
    context.holds("kept", all(4, 1, 0x66));
}

void instruction_cache(Context& context, std::uint64_t flags) {
    // The page holds a trap that has been executed, then another instruction.
    auto* code = trap_page();
    map(context, segment, segment.address, code);
    context.value("trap", execute(segment.address).vector, 0x700);
    remove(0, group(context), 0);
    real_store(code, std::uint64_t{instruction::sc_0} << 32 | instruction::sc_0);
    context.status("status", enter(context, flags | flag::exact, group(context), page_of(code)).status,
                   status::success);
    context.value("system_call", execute(segment.address).vector, 0xc00);
}
void invalidates_instructions(Context& context) {
    instruction_cache(context, flag::icache_invalidate | flag::icache_synchronize);
}
void synchronizes_instructions(Context& context) { instruction_cache(context, flag::icache_synchronize); }

void copy_page(Context& context) {
    // H_PAGE_INIT's flag.
    fill(4, 2, 0x33);
    context.status("status", enter(context, flag::copy_page, group(context), page_of(scratch(4))).status,
                   status::success);
    context.holds("kept", all(4, 2, 0x33));
}

void page_states(Context& context) {
    // Without the CMO option there are none. Whatever is asked for, what is in the page stays.
    fill(4, 1, 0x44);
    for (const auto state : flag::page_states) {
        const auto answer = enter(context, flag::exact | state, group(context), page_of(scratch(4)));
        context.status("enter", answer.status, status::success);
        context.status("remove", remove(state, group(context), 0).status, status::success);
    }
    context.holds("kept", all(4, 1, 0x44));
}

void without_meaning(Context& context) {
    const auto slot = group(context) + 3;
    const auto answer = enter(context, flag::exact | flag::without_meaning, slot, page_of(scratch()));
    context.status("status", answer.status, status::success);
    context.holds("slot_is_the_one_named", answer.r(4) == slot);
    context.value("d0", read(slot).d0, page_of(scratch()).d0);
    context.value("attributes", read(slot).d1 & ~entry::real_page, page_of(scratch()).d1 & ~entry::real_page);
}

constexpr std::array cases = {
    Case{"enter.zero_page_and_no_more", &zero_page_and_no_more, good(call::enter)},
    Case{"enter.zero_page_of_64_kib", &zero_page_of_64_kib, good(call::enter)},
    Case{"enter.zero_page_only_with_a_slot", &zero_page_only_with_a_slot, good(call::enter)},
    Case{"enter.invalidates_instructions", &invalidates_instructions, good(call::enter)},
    Case{"enter.synchronizes_instructions", &synchronizes_instructions, good(call::enter)},
    Case{"enter.copy_page", &copy_page, hostile(call::enter)},
    Case{"enter.page_states", &page_states, hostile(call::enter)},
    Case{"enter.flags_without_meaning", &without_meaning, hostile(call::enter)},
};

} // namespace

std::span<const Case> enter_flag_cases() { return cases; }

} // namespace conform
