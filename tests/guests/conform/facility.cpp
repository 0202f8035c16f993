// SPDX-License-Identifier: Apache-2.0
// H_HOME_NODE_ASSOCIATIVITY, H_RANDOM, H_PIC, H_VASI_STATE, H_VASI_SIGNAL, H_DONOR_OPERATION. LoPAR, under these names. H_AFFINITY, which is
// Transom's.
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

bool affinity_offered(Context& context) {
    return offered(context, "hcall-transom-affinity", "ibm,hypertas-functions has no hcall-transom-affinity");
}

/// Asks until there is an answer, in a scratch page. `length`: how long the page is for the hypervisor.
Answer ask_affinity(std::uint64_t function, std::uint64_t formula = 0, std::uint64_t length = 4096) {
    const auto buffer = reinterpret_cast<std::uint64_t>(scratch(20));
    for (unsigned again = 0; again < 100'000; ++again) {
        const auto answer = hcall(call::affinity, function, formula, buffer, length);
        if (answer.status != status::long_busy_1_ms)
            return answer;
    }
    return hcall(call::affinity, function, formula, buffer, length);
}

/// The word of the answer at that byte.
std::uint64_t affinity_word(std::size_t at) { return __builtin_bswap64(real_load(scratch(20) + at / 8)); }

void affinity_scores(Context& context) {
    if (!affinity_offered(context))
        return;
    constexpr std::uint64_t current = 0, found = 1, full = 100'000'000;
    for (const std::uint64_t formula : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}}) {
        const auto now = ask_affinity(current, formula);
        context.status("current", now.status, status::success);
        const std::uint64_t has = affinity_word(16), head = affinity_word(0);
        context.holds("a_score", has <= full);
        context.value("version", head >> 48, 1);
        context.value("formula", head >> 32 & 0xffff, formula == 0 ? 2 : formula);
        context.value("length", now.r(4), 40 + 12 * (head >> 16 & 0xffff));
        context.status("found", ask_affinity(found, formula).status, status::success);
        context.holds("found_is_no_less", affinity_word(16) >= has && affinity_word(16) <= full);
    }
}

void affinity_proposal(Context& context) {
    if (!affinity_offered(context))
        return;
    constexpr std::uint64_t current = 0, proposed = 2;
    context.status("current", ask_affinity(current).status, status::success);
    const std::uint64_t has = affinity_word(16);
    context.status("where_it_is", ask_affinity(proposed).status, status::success);
    context.value("has_what_it_has", affinity_word(16), has);
    // One block more than there are.
    std::uint64_t* const page = scratch(20);
    const std::uint64_t first_input = affinity_word(40); // node (2), 0 (2), memory (4)
    real_store(page + 5, __builtin_bswap64(first_input + 1));
    context.status("other_size", ask_affinity(proposed).status, status::success);
    context.value("refusal", affinity_word(32) & 0xffff'ffff, 4);
    context.value("no_score", affinity_word(16), ~std::uint64_t{0});
}

void affinity_job(Context& context) {
    if (!affinity_offered(context))
        return;
    constexpr std::uint64_t request = 3, job = 4, cancel = 5;
    constexpr std::uint64_t waiting = 1, stopping = 4, done = 5, refused = 6;
    context.status("nothing_to_cancel", hcall(call::affinity, cancel).status, status::not_found);
    context.status("request", hcall(call::affinity, request).status, status::success);
    std::uint64_t state = waiting;
    bool always_told = true;
    for (unsigned again = 0; again < 10'000'000 && state >= waiting && state <= stopping; ++again) {
        always_told = always_told && ask_affinity(job).status == status::success;
        state = affinity_word(0) >> 32 & 0xffff;
    }
    context.holds("job", always_told);
    context.holds("comes_to_an_end", state == done || state == refused);
    context.status("and_is_over", hcall(call::affinity, cancel).status, status::not_found);
}

void affinity_hostile(Context& context) {
    if (!affinity_offered(context))
        return;
    constexpr std::uint64_t current = 0, proposed = 2, job = 4;
    const auto buffer = reinterpret_cast<std::uint64_t>(scratch(20));
    for (const std::uint64_t function : {std::uint64_t{6}, std::uint64_t{1} << 32, ~std::uint64_t{0}})
        context.status("function", hcall(call::affinity, function, 0, buffer, 4096).status, status::parameter);
    for (const std::uint64_t formula : {std::uint64_t{3}, std::uint64_t{1} << 32, ~std::uint64_t{0}})
        context.status("formula", hcall(call::affinity, current, formula, buffer, 4096).status, status::p2);
    for (const std::uint64_t beyond : {~std::uint64_t{0} - 7, std::uint64_t{1} << 50, std::uint64_t{1} << 63})
        context.status("buffer", hcall(call::affinity, job, 0, beyond, 4096).status, status::p3);
    context.status("no_room", hcall(call::affinity, job, 0, buffer, 71).status, status::p4);
    context.status("proposal_beyond_memory", hcall(call::affinity, proposed, 0, std::uint64_t{1} << 50, 4096).status,
                   status::p3);
    for (std::size_t i = 0; i < 512; ++i)
        real_store(scratch(20) + i, ~std::uint64_t{0});
    context.status("proposal_of_ones", hcall(call::affinity, proposed, 0, buffer, 4096).status, status::p3);
}

constexpr std::array cases = {
    Case{"home_node.of_processor_0", &home_node, good(call::home_node_associativity)},
    Case{"home_node.of_nobody", &home_node_of_nobody, boundary(call::home_node_associativity)},
    Case{"home_node.flags", &home_node_flags, hostile(call::home_node_associativity)},
    Case{"home_node.by_processor_index", &home_node_by_processor_index, boundary(call::home_node_associativity)},
    Case{"random.draws", &random, good(call::random)},
    Case{"pic.not_authorized", &pool_idle_count, boundary(call::pic)},
    Case{"affinity.scores", &affinity_scores, good(call::affinity)},
    Case{"affinity.proposal", &affinity_proposal, good(call::affinity)},
    Case{"affinity.job", &affinity_job, good(call::affinity)},
    Case{"affinity.hostile", &affinity_hostile, boundary(call::affinity) | hostile(call::affinity)},
    Case{"vasi.unknown_stream", &unknown_stream,
         boundary(call::vasi_state, call::vasi_signal, call::donor_operation) |
             hostile(call::vasi_state, call::vasi_signal, call::donor_operation)},
};

} // namespace

std::span<const Case> facility_cases() { return cases; }

} // namespace conform
