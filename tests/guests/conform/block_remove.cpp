// SPDX-License-Identifier: Apache-2.0
// H_BLOCK_REMOVE. LoPAR "H_BLOCK_REMOVE": an AVPN in r4, up to eight specifiers from r5 on; the answers are in r4 to r11.
#include "../common/rtas.hpp"

#include "access.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x171);

constexpr std::uint64_t request = std::uint64_t{0x40} << 56, response = std::uint64_t{0x80} << 56,
                        end = std::uint64_t{0xc0} << 56, avpn = std::uint64_t{0x01} << 56,
                        with_r = std::uint64_t{0x04} << 56, with_c = std::uint64_t{0x02} << 56;
namespace code {
constexpr std::uint64_t not_found = 0x88, bad_parameter = 0x90, other_size = 0x98, busy = 0xa0, other_block = 0xa8;
}

bool offered(Context& context) {
    if (context.machine().tree->has_function_set("hcall-block-remove"))
        return true;
    context.skip("ibm,hypertas-functions has no hcall-block-remove");
    return false;
}

/// Pages `first` to `first` + 7 of the segment, mapped to the scratch pages; answers their slots.
std::array<std::uint64_t, 8> mapped(Context& context, std::uint64_t first = 0) {
    std::array<std::uint64_t, 8> slots{};
    for (unsigned i = 0; i < 8; ++i)
        slots[i] = map(context, segment, segment.address + (first + i) * 0x1000, scratch(i));
    return slots;
}

std::uint64_t our_avpn() { return avpn_of(make_entry(segment, segment.address, 0).d0); }

bool valid(std::uint64_t slot) { return (read(slot).d0 & entry::valid) != 0; }

void listed_or_unknown(Context& context) {
    const bool listed = context.machine().tree->has_function_set("hcall-block-remove");
    context.holds("answered_as_listed",
                  hcall(call::block_remove, 0, end).status == (listed ? status::success : status::function));
}

void eight_removed(Context& context) {
    if (!offered(context))
        return;
    const auto s = mapped(context, 8);
    bool loaded = true, gone = true, answered = true;
    for (unsigned i = 0; i < 8; ++i)
        loaded = loaded && load(segment.address + (8 + i) * 0x1000).fault.vector == 0;
    context.holds("loaded", loaded);
    const std::uint64_t how = request | avpn;
    const auto answer = hcall(call::block_remove, our_avpn(), how | s[0], how | s[1], how | s[2], how | s[3],
                              how | s[4], how | s[5], how | s[6], how | s[7]);
    context.status("status", answer.status, status::success);
    for (unsigned i = 0; i < 8; ++i) {
        answered = answered && answer.r(4 + i) == (response | with_r | s[i]);
        gone = gone && !valid(s[i]) && load(segment.address + (8 + i) * 0x1000).fault.vector == 0x300;
    }
    context.holds("answered", answered);
    context.holds("gone", gone);
}

void answers_rc(Context& context) {
    if (!offered(context))
        return;
    const auto s = mapped(context);
    load(segment.address + 0x1000);
    store(segment.address + 0x2000, 1);
    const auto answer = hcall(call::block_remove, 0, request | s[0], request | s[1], request | s[2], end);
    context.status("status", answer.status, status::success);
    context.holds("none", answer.r(4) == (response | s[0]));
    context.holds("r", answer.r(5) == (response | with_r | s[1]));
    context.holds("rc", answer.r(6) == (response | with_r | with_c | s[2]));
    context.holds("end_kept", answer.r(7) == end);
}

void stops_at_end(Context& context) {
    if (!offered(context))
        return;
    const auto s = mapped(context);
    context.status("status", hcall(call::block_remove, 0, request | s[0], end, request | s[1], end).status,
                   status::success);
    context.holds("first_gone", !valid(s[0]));
    context.holds("second_kept", valid(s[1]));
}

void specifier_that_is_no_request(Context& context) {
    if (!offered(context))
        return;
    const auto s = mapped(context);
    context.status("type_00", hcall(call::block_remove, 0, request | s[0], s[1], end).status, status::parameter);
    context.status("response", hcall(call::block_remove, 0, request | s[0], response | s[1], end).status,
                   status::parameter);
    context.holds("all_kept", valid(s[0]) && valid(s[1]));
}

void what_is_not_found(Context& context) {
    if (!offered(context))
        return;
    const auto s = mapped(context);
    remove(0, s[0], 0);
    auto bolted = make_entry(segment, segment.address, reinterpret_cast<std::uint64_t>(scratch()));
    bolted.d0 |= 0x10;
    enter(context, flag::exact, s[0], bolted);
    remove(0, s[1], 0);
    const auto answer = hcall(call::block_remove, our_avpn() + 0x80, request | s[0], request | s[1],
                              request | avpn | s[2], request | s[3], end);
    context.status("status", answer.status, status::partial);
    context.value("bolted", answer.r(4) >> 56, code::not_found);
    context.value("invalid", answer.r(5) >> 56, code::not_found);
    context.value("other_avpn", answer.r(6) >> 56, code::not_found);
    context.value("good", answer.r(7) >> 56, 0x80);
    context.holds("kept", valid(s[0]) && valid(s[2]));
    context.holds("gone", !valid(s[3]));
}

void other_block(Context& context) {
    if (!offered(context))
        return;
    const auto s = mapped(context, 4); // pages 4 to 11
    const auto answer = hcall(call::block_remove, 0, request | s[3], request | s[4], request | s[0], end);
    context.status("status", answer.status, status::partial);
    context.value("first", answer.r(4) >> 56, 0x80);
    context.value("second", answer.r(5) >> 56, code::other_block);
    context.value("third", answer.r(6) >> 56, 0x80);
    context.holds("kept", valid(s[4]) && load(segment.address + 0x8000).fault.vector == 0);
}

void other_size(Context& context) {
    if (!offered(context))
        return;
    const auto encoding = page_encoding(context, 16, 16);
    if (!encoding)
        return context.skip("ibm,segment-page-sizes has no 64 KiB pages");
    const auto s = mapped(context);
    Segment wide = segment;
    wide.page_shift = 16;
    const auto what =
        make_large_entry(wide, wide.address, reinterpret_cast<std::uint64_t>(scratch()), encoding->pte, 16);
    const auto slot = enter(context, 0, group_of(context, wide, wide.address), what).r(4);
    const auto answer = hcall(call::block_remove, 0, request | s[0], request | slot, end);
    context.status("status", answer.status, status::partial);
    context.value("second", answer.r(5) >> 56, code::other_size);
    context.holds("kept", valid(slot));
    context.status("alone", hcall(call::block_remove, 0, request | slot, end).status, status::success);
    context.holds("gone", !valid(slot));
}

void slot_beyond_table(Context& context) {
    if (!offered(context))
        return;
    const auto s = mapped(context);
    constexpr std::uint64_t most = (std::uint64_t{1} << 56) - 1;
    const auto answer =
        hcall(call::block_remove, 0, request | slot_count(context), request | most, request | s[0], end);
    context.status("status", answer.status, status::partial);
    context.value("first_beyond", answer.r(4) >> 56, code::bad_parameter);
    context.value("all_ones", answer.r(5) >> 56, code::bad_parameter);
    context.value("good", answer.r(6) >> 56, 0x80);
}

void same_slot_twice(Context& context) {
    if (!offered(context))
        return;
    const auto s = mapped(context);
    const auto answer = hcall(call::block_remove, 0, request | s[0], request | s[0], end);
    context.status("status", answer.status, status::partial);
    context.value("first", answer.r(4) >> 56, 0x80);
    context.value("second", answer.r(5) >> 56, code::busy);
    const auto again = hcall(call::block_remove, 0, request | s[0], end);
    context.value("again", again.r(4) >> 56, code::not_found);
}

void page_states(Context& context) {
    // Without the CMO option there are none; nor has the rest of a request's control byte a meaning.
    if (!offered(context))
        return;
    const auto s = mapped(context);
    real_store(scratch(), 0x99);
    const auto answer = hcall(call::block_remove, 0, request | std::uint64_t{0x3e} << 56 | s[0], end);
    context.status("status", answer.status, status::success);
    context.value("answer", answer.r(4) >> 56, 0x80);
    context.value("memory", real_load(scratch()), 0x99);
}

void characteristics(Context& context) {
    if (!offered(context))
        return;
    const auto call = context.machine().tree->rtas_token("ibm,get-system-parameter");
    if (!call)
        return context.skip("/rtas does not have the call");
    auto* buffer = reinterpret_cast<std::uint8_t*>(scratch());
    const auto address = static_cast<std::uint32_t>(reinterpret_cast<std::uint64_t>(buffer));
    context.status("status", guest::rtas(*call, {50, address, 128}, 1).status(), 0);
    const unsigned length = buffer[0] << 8u | buffer[1];
    context.value("log2_of_block", buffer[2], 3);
    context.holds("length", length == 2u + buffer[3]);
    // A byte for each size: 0 is 4 KiB, else L and LP. Each must be one that ibm,segment-page-sizes offers.
    bool offered_sizes = true, has_4_kib = false;
    for (unsigned i = 4; i < 2 + length; ++i) {
        bool found = buffer[i] == 0;
        has_4_kib = has_4_kib || found;
        for (const unsigned base : {12u, 16u})
            for (const unsigned actual : {16u, 24u})
                if (const auto encoding = page_encoding(context, base, actual))
                    found = found || buffer[i] == (0x80 | encoding->pte);
        offered_sizes = offered_sizes && found;
    }
    context.holds("offered_sizes", offered_sizes);
    context.holds("4_kib", has_4_kib);
}

constexpr std::array cases = {
    Case{"block_remove.listed_or_unknown", &listed_or_unknown, good(call::block_remove)},
    Case{"block_remove.eight_removed", &eight_removed, good(call::block_remove)},
    Case{"block_remove.answers_rc", &answers_rc, good(call::block_remove)},
    Case{"block_remove.stops_at_end", &stops_at_end, good(call::block_remove)},
    Case{"block_remove.specifier_that_is_no_request", &specifier_that_is_no_request, hostile(call::block_remove)},
    Case{"block_remove.what_is_not_found", &what_is_not_found, boundary(call::block_remove)},
    Case{"block_remove.other_block", &other_block, boundary(call::block_remove)},
    Case{"block_remove.other_size", &other_size, boundary(call::block_remove)},
    Case{"block_remove.slot_beyond_table", &slot_beyond_table, boundary(call::block_remove)},
    Case{"block_remove.same_slot_twice", &same_slot_twice, boundary(call::block_remove)},
    Case{"block_remove.page_states", &page_states, hostile(call::block_remove)},
    Case{"block_remove.characteristics", &characteristics},
};

} // namespace

std::span<const Case> block_remove_cases() { return cases; }

} // namespace conform
