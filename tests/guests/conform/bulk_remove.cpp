// SPDX-License-Identifier: Apache-2.0
// H_BULK_REMOVE. LoPAR "H_BULK_REMOVE": up to four specifiers of two doublewords; the answers take their place.
#include "access.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x61);

// Byte 0 of a specifier's first doubleword; the slot is in the low 56 bits.
constexpr std::uint64_t request = std::uint64_t{0x40} << 56, response = std::uint64_t{0x80} << 56,
                        end = std::uint64_t{0xc0} << 56, not_found = std::uint64_t{0x10} << 56,
                        bad_parameter = std::uint64_t{0x20} << 56, with_r = std::uint64_t{0x08} << 56,
                        with_c = std::uint64_t{0x04} << 56, andcond = std::uint64_t{0x01} << 56,
                        avpn = std::uint64_t{0x02} << 56;

Entry page(std::uint64_t n) {
    return make_entry(segment, segment.address + (n << 23), reinterpret_cast<std::uint64_t>(scratch()));
}

/// Fills the first `n` slots of the group and answers the first of them.
std::uint64_t entered(Context& context, std::uint64_t n, std::uint64_t d1_bits = 0) {
    const auto first = group_of(context, segment, segment.address);
    for (std::uint64_t i = 0; i < n; ++i) {
        auto what = page(i);
        what.d1 |= d1_bits;
        enter(context, flag::exact, first + i, what);
    }
    return first;
}

/// One bit per slot that is still valid.
std::uint64_t valid_slots(std::uint64_t first) {
    std::uint64_t bits = 0;
    for (std::uint64_t i = 0; i < 4; ++i)
        bits |= (read(first + i).d0 & entry::valid) << i;
    return bits;
}

void four_removed(Context& context) {
    const auto first = entered(context, 4);
    const auto answer = hcall(call::bulk_remove, request | first, 0, request | (first + 1), 0, request | (first + 2), 0,
                              request | (first + 3), 0);
    context.status("status", answer.status, status::success);
    for (unsigned i = 0; i < 4; ++i)
        context.value("answer", answer.r(4 + 2 * i), response | (first + i));
    context.value("valid", valid_slots(first), 0);
}

void stops_at_end(Context& context) {
    const auto first = entered(context, 4);
    const auto answer = hcall(call::bulk_remove, request | first, 0, end, 0, request | (first + 2), 0, 0, 0);
    context.status("status", answer.status, status::success);
    context.value("valid", valid_slots(first), 0xe);
    context.holds("end_unchanged", answer.r(6) == end);
    context.holds("rest_unchanged", answer.r(8) == (request | (first + 2)));
}

void answers_rc(Context& context) {
    const auto first = entered(context, 1, entry::r);
    auto both = page(1);
    both.d1 |= entry::rc;
    enter(context, flag::exact, first + 1, both);
    const auto answer = hcall(call::bulk_remove, request | first, 0, request | (first + 1), 0, end, 0, 0, 0);
    context.status("status", answer.status, status::success);
    context.value("r", answer.r(4), response | with_r | first);
    context.value("rc", answer.r(6), response | with_r | with_c | (first + 1));
}

void invalid_slot_goes_on(Context& context) {
    const auto first = entered(context, 2);
    remove(0, first, 0);
    const auto answer = hcall(call::bulk_remove, request | first, 0, request | (first + 1), 0, end, 0, 0, 0);
    context.status("status", answer.status, status::success);
    context.value("first", answer.r(4), response | not_found | first);
    context.value("second", answer.r(6), response | (first + 1));
    context.value("valid", valid_slots(first), 0);
}

void avpn_condition(Context& context) {
    const auto first = entered(context, 2);
    const auto answer = hcall(call::bulk_remove, request | avpn | first, avpn_of(page(0).d0),
                              request | avpn | (first + 1), avpn_of(page(0).d0), end, 0, 0, 0);
    context.status("status", answer.status, status::success);
    context.value("first_code", answer.r(4) & (response | not_found), response);
    context.value("second_code", answer.r(6) & (response | not_found), response | not_found);
    context.value("valid", valid_slots(first), 0x2);
}

void andcond_condition(Context& context) {
    const auto first = entered(context, 1);
    auto bolted = page(1);
    bolted.d0 |= 0x10;
    enter(context, flag::exact, first + 1, bolted);
    const auto answer =
        hcall(call::bulk_remove, request | andcond | first, 0x10, request | andcond | (first + 1), 0x10, end, 0, 0, 0);
    context.status("status", answer.status, status::success);
    context.value("second_code", answer.r(6) & (response | not_found), response | not_found);
    context.value("valid", valid_slots(first), 0x2);
}

void slot_beyond_table(Context& context) {
    const auto first = entered(context, 2);
    const auto beyond = slot_count(context);
    const auto answer =
        hcall(call::bulk_remove, request | first, 0, request | beyond, 0, request | (first + 1), 0, end, 0);
    context.status("status", answer.status, status::parameter);
    context.value("second_code", answer.r(6) & (response | bad_parameter), response | bad_parameter);
    context.holds("third_unchanged", answer.r(8) == (request | (first + 1)));
    context.value("valid", valid_slots(first), 0x2);
}

void both_conditions(Context& context) {
    const auto first = entered(context, 1);
    const auto answer =
        hcall(call::bulk_remove, request | avpn | andcond | first, avpn_of(page(0).d0), end, 0, 0, 0, 0, 0);
    context.status("status", answer.status, status::parameter);
    context.value("code", answer.r(4) & (response | bad_parameter), response | bad_parameter);
    context.value("valid", valid_slots(first), 0x1);
}

void page_states(Context& context) {
    // Bits 2 and 3 of a request are the CMO option's.
    const auto first = entered(context, 3);
    real_store(scratch(), 0x55);
    const auto answer = hcall(call::bulk_remove, request | not_found | first, 0, request | bad_parameter | (first + 1),
                              0, request | not_found | bad_parameter | (first + 2), 0, end, 0);
    context.status("status", answer.status, status::success);
    for (unsigned i = 0; i < 3; ++i)
        context.value("answer", answer.r(4 + 2 * i), response | (first + i));
    context.value("valid", valid_slots(first), 0);
    context.value("memory", real_load(scratch()), 0x55);
}

void type_that_is_no_request(Context& context) {
    const auto first = entered(context, 3);
    context.status("type_00", hcall(call::bulk_remove, first, 0, end, 0, 0, 0, 0, 0).status, status::parameter);
    context.status("response", hcall(call::bulk_remove, response | first, 0, end, 0, 0, 0, 0, 0).status,
                   status::parameter);
    context.status("after_one", hcall(call::bulk_remove, request | first, 0, first + 1, 0, end, 0, 0, 0).status,
                   status::parameter);
    context.value("valid", valid_slots(first), 0x6);
}

constexpr std::array cases = {
    Case{"bulk_remove.four_removed", &four_removed, good(call::bulk_remove)},
    Case{"bulk_remove.stops_at_end", &stops_at_end, good(call::bulk_remove)},
    Case{"bulk_remove.answers_rc", &answers_rc, good(call::bulk_remove)},
    Case{"bulk_remove.invalid_slot_goes_on", &invalid_slot_goes_on, good(call::bulk_remove)},
    Case{"bulk_remove.avpn_condition", &avpn_condition, good(call::bulk_remove)},
    Case{"bulk_remove.andcond_condition", &andcond_condition, good(call::bulk_remove)},
    Case{"bulk_remove.slot_beyond_table", &slot_beyond_table, boundary(call::bulk_remove)},
    Case{"bulk_remove.both_conditions", &both_conditions, boundary(call::bulk_remove)},
    Case{"bulk_remove.page_states", &page_states, hostile(call::bulk_remove)},
    Case{"bulk_remove.type_that_is_no_request", &type_that_is_no_request, hostile(call::bulk_remove)},
};

} // namespace

std::span<const Case> bulk_remove_cases() { return cases; }

} // namespace conform
