// SPDX-License-Identifier: Apache-2.0
// The calls of hcall-splpar that tell about processor time, and small calls that only set or tell something. LoPAR "H_GET_PPP",
// "H_SET_PPP", "H_PURR", "H_POLL_PENDING", "H_SET_SPRG0", "H_SET_XDABR", "H_LOGICAL_CI_LOAD".
#include "access.hpp"

namespace conform {

namespace {

bool offered(Context& context, const char* set, std::string_view without) {
    if (context.machine().tree->has_function_set(set))
        return true;
    context.skip(without);
    return false;
}

bool shared(Context& context) { return offered(context, "hcall-splpar", "ibm,hypertas-functions has no hcall-splpar"); }

void tells_entitlement(Context& context) {
    if (!shared(context))
        return;
    const auto answer = hcall(call::get_ppp);
    context.status("status", answer.status, status::success);
    context.holds("entitled_to_some", answer.status == status::success && answer.r(4) > 0);
}

void refuses_more(Context& context) {
    if (!shared(context))
        return;
    context.status("weight_256", hcall(call::set_ppp, 100, 256).status, status::parameter);
    context.holds("not_success", hcall(call::set_ppp, 1'000'000, 0).status != status::success);
}

void asks_for_what_it_has(Context& context) {
    if (!shared(context))
        return;
    // LoPAR H_GET_PPP: the entitlement in r4, the weight in bits 16 to 23 of r7.
    const auto has = hcall(call::get_ppp);
    context.status("the_same", hcall(call::set_ppp, has.r(4), has.r(7) >> 40 & 0xff).status, status::success);
    context.status("all_ones", hcall(call::set_ppp, ~std::uint64_t{0}, ~std::uint64_t{0}).status, status::parameter);
    const auto after = hcall(call::get_ppp);
    context.holds("kept", after.r(4) == has.r(4) && after.r(7) == has.r(7));
}

void purr_goes_on(Context& context) {
    if (!shared(context))
        return;
    const auto first = hcall(call::purr);
    context.status("status", first.status, status::success);
    const auto begin = guest::timebase();
    while (guest::timebase() - begin < 100'000) {}
    const auto second = hcall(call::purr);
    context.holds("goes_on", second.r(4) > first.r(4));
}

void poll(Context& context) {
    if (!offered(context, "hcall-poll-pending", "ibm,hypertas-functions has no hcall-poll-pending"))
        return;
    const auto answer = hcall(call::poll_pending);
    context.holds("success_or_pending", answer.status == 0 || answer.status == 17);
}

void sprg0(Context& context) {
    if (!offered(context, "hcall-sprg0", "ibm,hypertas-functions has no hcall-sprg0"))
        return;
    context.status("status", hcall(call::set_sprg0, 0x1234'5678'9abc'def0).status, status::success);
    context.value("sprg0", guest::read_spr<guest::spr::sprg0>(), 0x1234'5678'9abc'def0);
}

void breakpoint_in_hypervisor(Context& context) {
    if (!offered(context, "hcall-xdabr", "ibm,hypertas-functions has no hcall-xdabr"))
        return;
    context.status("hypervisor", hcall(call::set_xdabr, 0x1000, 0x4).status, status::parameter);
    context.status("none", hcall(call::set_xdabr, 0x1000, 0).status, status::parameter);
    context.status("undefined", hcall(call::set_xdabr, 0x1000, 0x13).status, status::parameter);
}

void breakpoint_for_all_states(Context& context) {
    if (!offered(context, "hcall-xdabr", "ibm,hypertas-functions has no hcall-xdabr"))
        return;
    context.status("set", hcall(call::set_xdabr, 0xc000'0000'1234'5671, 3).status, status::success);
    context.status("all_ones", hcall(call::set_xdabr, ~std::uint64_t{0}, ~std::uint64_t{0}).status, status::parameter);
    context.status("clear", hcall(call::set_xdabr, 0, 3).status, status::success);
}

/// What is memory is not mapped cache-inhibited.
void device_access_to_memory(Context& context) {
    if (!offered(context, "hcall-debug", "ibm,hypertas-functions has no hcall-debug"))
        return;
    real_store(scratch(20), 0x1122);
    const auto memory = reinterpret_cast<std::uint64_t>(scratch(20));
    context.status("load", hcall(call::ci_load, 8, memory).status, status::parameter);
    context.status("store", hcall(call::ci_store, 8, memory, 0x3344).status, status::parameter);
    context.value("kept", real_load(scratch(20)), 0x1122);
    for (const std::uint64_t where : {context.machine().memory, std::uint64_t{1} << 60, ~std::uint64_t{7}}) {
        context.status("load", hcall(call::ci_load, 8, where).status, status::parameter);
        context.status("store", hcall(call::ci_store, 8, where, 0x3344).status, status::parameter);
    }
}

void device_access(Context& context) {
    if (!offered(context, "hcall-debug", "ibm,hypertas-functions has no hcall-debug"))
        return;
    context.status("size_3", hcall(call::ci_load, 3, 0).status, status::parameter);
    context.status("size_16", hcall(call::ci_load, 16, 0).status, status::parameter);
    context.status("store_size_0", hcall(call::ci_store, 0, 0, 0).status, status::parameter);
}

void data_breakpoint(Context& context) {
    if (!offered(context, "hcall-dabr", "ibm,hypertas-functions has no hcall-dabr"))
        return;
    context.status("set", hcall(call::set_dabr, 0xc000'0000'1234'5671).status, status::success);
    context.status("all_ones", hcall(call::set_dabr, ~std::uint64_t{0}).status, status::success);
    context.status("clear", hcall(call::set_dabr, 0).status, status::success);
}

void characteristics(Context& context) {
    const auto answer = hcall(call::get_cpu_characteristics);
    context.status("status", answer.status, status::success);
    // The ones that are defined are in the upper halves.
    context.value("low_halves", (answer.r(4) | answer.r(5)) & 0xffff'ffff, 0);
}

constexpr std::array cases = {
    Case{"capacity.tells_entitlement", &tells_entitlement, good(call::get_ppp)},
    Case{"capacity.refuses_more", &refuses_more, boundary(call::set_ppp)},
    Case{"capacity.asks_for_what_it_has", &asks_for_what_it_has,
         good(call::set_ppp, call::get_ppp) | hostile(call::set_ppp)},
    Case{"capacity.purr_goes_on", &purr_goes_on, good(call::purr)},
    Case{"small.poll_pending", &poll, good(call::poll_pending)},
    Case{"small.sprg0", &sprg0, good(call::set_sprg0)},
    Case{"small.breakpoint_in_hypervisor", &breakpoint_in_hypervisor, boundary(call::set_xdabr)},
    Case{"small.breakpoint_for_all_states", &breakpoint_for_all_states,
         good(call::set_xdabr) | hostile(call::set_xdabr)},
    Case{"small.data_breakpoint", &data_breakpoint, good(call::set_dabr) | hostile(call::set_dabr)},
    Case{"small.characteristics", &characteristics, good(call::get_cpu_characteristics)},
    Case{"small.device_access", &device_access, boundary(call::ci_load, call::ci_store)},
    Case{"small.device_access_to_memory", &device_access_to_memory, hostile(call::ci_load, call::ci_store)},
};

} // namespace

std::span<const Case> capacity_cases() { return cases; }

} // namespace conform
