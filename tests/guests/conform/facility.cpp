// SPDX-License-Identifier: Apache-2.0
// H_HOME_NODE_ASSOCIATIVITY, H_RANDOM, H_PIC, H_VASI_STATE, H_VASI_SIGNAL, H_DONOR_OPERATION. LoPAR, under these names.
#include "access.hpp"

namespace conform {

namespace {

bool offered(Context& context, const char* set, std::string_view without) {
    if (context.machine().tree->has_function_set(set))
        return true;
    context.skip(without);
    return false;
}

bool home_node_offered(Context& context) {
    return offered(context, "hcall-vphn", "ibm,hypertas-functions has no hcall-vphn");
}

void home_node(Context& context) {
    if (!home_node_offered(context))
        return;
    const auto answer = hcall(call::home_node_associativity, 1, 0);
    context.status("status", answer.status, status::success);
    context.holds("has_a_domain", answer.r(4) != ~std::uint64_t{0});
    // Once there are no more domains there are none up to the end.
    bool ended = false, gap = false;
    for (unsigned field = 0; field < 24; ++field) {
        const auto value = static_cast<std::uint16_t>(answer.r(4 + field / 4) >> (48 - 16 * (field % 4)));
        gap = gap || (ended && value != 0xffff);
        ended = ended || value == 0xffff;
    }
    context.holds("ones_at_the_end", ended && !gap);
}

void home_node_of_nobody(Context& context) {
    if (!home_node_offered(context))
        return;
    for (const std::uint64_t id : {std::uint64_t{4095}, std::uint64_t{1} << 32, ~std::uint64_t{0}})
        context.status("status", hcall(call::home_node_associativity, 1, id).status, status::p2);
}

void home_node_flags(Context& context) {
    if (!home_node_offered(context))
        return;
    for (const std::uint64_t flags : {std::uint64_t{0}, std::uint64_t{4}, std::uint64_t{1} << 63 | 1})
        context.status("status", hcall(call::home_node_associativity, flags, 0).status, status::parameter);
}

void home_node_by_processor_index(Context& context) {
    if (home_node_offered(context))
        context.status("of_nobody", hcall(call::home_node_associativity, 2, 4095).status, status::p2);
}

void random(Context& context) {
    if (!offered(context, "hcall-random", "ibm,hypertas-functions has no hcall-random"))
        return;
    std::array<std::uint64_t, 16> numbers{};
    std::uint64_t ones = 0, zeros = 0;
    bool all_success = true, repeated = false;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto answer = hcall(call::random);
        all_success = all_success && answer.status == status::success;
        numbers[i] = answer.r(4);
        ones |= numbers[i];
        zeros |= ~numbers[i];
        for (std::size_t j = 0; j < i; ++j)
            repeated = repeated || numbers[i] == numbers[j];
    }
    context.holds("success", all_success);
    context.holds("no_two_alike", !repeated);
    // Of sixteen fair draws a given bit is the same each time once in 32768; four such bits are not to be seen.
    context.holds("every_bit_changes", __builtin_popcountll(~(ones & zeros)) < 4);
}

void pool_idle_count(Context& context) {
    if (!offered(context, "hcall-pic", "ibm,hypertas-functions has no hcall-pic"))
        return;
    context.status("not_authorized", hcall(call::pic).status, status::authority);
}

bool streams_offered(Context& context) {
    return offered(context, "hcall-vasi", "ibm,hypertas-functions has no hcall-vasi");
}

void unknown_stream(Context& context) {
    if (!streams_offered(context))
        return;
    for (const std::uint64_t handle : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
        context.status("state", hcall(call::vasi_state, handle).status, status::parameter);
        context.status("donor", hcall(call::donor_operation, handle).status, status::parameter);
        context.status("signal", hcall(call::vasi_signal, handle, 1, 0).status, status::parameter);
        context.status("bad_signal", hcall(call::vasi_signal, handle, 99, 0).status, status::parameter);
    }
}

constexpr std::array cases = {
    Case{"home_node.of_processor_0", &home_node, good(call::home_node_associativity)},
    Case{"home_node.of_nobody", &home_node_of_nobody, boundary(call::home_node_associativity)},
    Case{"home_node.flags", &home_node_flags, hostile(call::home_node_associativity)},
    Case{"home_node.by_processor_index", &home_node_by_processor_index, boundary(call::home_node_associativity)},
    Case{"random.draws", &random, good(call::random)},
    Case{"pic.not_authorized", &pool_idle_count, boundary(call::pic)},
    Case{"vasi.unknown_stream", &unknown_stream,
         boundary(call::vasi_state, call::vasi_signal, call::donor_operation) |
             hostile(call::vasi_state, call::vasi_signal, call::donor_operation)},
};

} // namespace

std::span<const Case> facility_cases() { return cases; }

} // namespace conform
