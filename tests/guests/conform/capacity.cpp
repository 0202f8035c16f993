// SPDX-License-Identifier: Apache-2.0
// The calls of hcall-splpar that tell about processor time, and small calls that only set or tell something. LoPAR "H_GET_PPP",
// "H_SET_PPP", "H_PURR", "H_POLL_PENDING", "H_SET_SPRG0", "H_SET_XDABR", "H_LOGICAL_CI_LOAD".
#include "access.hpp"

namespace conform {

namespace {

constexpr std::uint64_t set_sprg0 = 0x24, set_dabr = 0x28, get_cpu_characteristics = 0x1c8, ci_load = 0x3c,
                        ci_store = 0x40, get_ppp = 0xec, set_ppp = 0xf0, purr = 0xf4, set_xdabr = 0x134,
                        poll_pending = 0x1d8;

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
    const auto answer = hcall(get_ppp);
    context.status("status", answer.status, status::success);
    context.holds("entitled_to_some", answer.status == status::success && answer.r(4) > 0);
}

void refuses_more(Context& context) {
    if (!shared(context))
        return;
    context.status("weight_256", hcall(set_ppp, 100, 256).status, status::parameter);
    context.holds("not_success", hcall(set_ppp, 1'000'000, 0).status != status::success);
}

void purr_goes_on(Context& context) {
    if (!shared(context))
        return;
    const auto first = hcall(purr);
    context.status("status", first.status, status::success);
    const auto begin = guest::timebase();
    while (guest::timebase() - begin < 100'000) {}
    const auto second = hcall(purr);
    context.holds("goes_on", second.r(4) > first.r(4));
}

void poll(Context& context) {
    if (!offered(context, "hcall-poll-pending", "ibm,hypertas-functions has no hcall-poll-pending"))
        return;
    const auto answer = hcall(poll_pending);
    context.holds("success_or_pending", answer.status == 0 || answer.status == 17);
}

void sprg0(Context& context) {
    if (!offered(context, "hcall-sprg0", "ibm,hypertas-functions has no hcall-sprg0"))
        return;
    context.status("status", hcall(set_sprg0, 0x1234'5678'9abc'def0).status, status::success);
    context.value("sprg0", guest::read_spr<guest::spr::sprg0>(), 0x1234'5678'9abc'def0);
}

void breakpoint_in_hypervisor(Context& context) {
    if (!offered(context, "hcall-xdabr", "ibm,hypertas-functions has no hcall-xdabr"))
        return;
    context.status("hypervisor", hcall(set_xdabr, 0x1000, 0x4).status, status::parameter);
    context.status("none", hcall(set_xdabr, 0x1000, 0).status, status::parameter);
    context.status("undefined", hcall(set_xdabr, 0x1000, 0x13).status, status::parameter);
}

void device_access(Context& context) {
    if (!offered(context, "hcall-debug", "ibm,hypertas-functions has no hcall-debug"))
        return;
    context.status("size_3", hcall(ci_load, 3, 0).status, status::parameter);
    context.status("size_16", hcall(ci_load, 16, 0).status, status::parameter);
    context.status("store_size_0", hcall(ci_store, 0, 0, 0).status, status::parameter);
}

void data_breakpoint(Context& context) {
    if (!offered(context, "hcall-dabr", "ibm,hypertas-functions has no hcall-dabr"))
        return;
    context.status("set", hcall(set_dabr, 0xc000'0000'1234'5671).status, status::success);
    context.status("clear", hcall(set_dabr, 0).status, status::success);
}

void characteristics(Context& context) {
    const auto answer = hcall(get_cpu_characteristics);
    context.status("status", answer.status, status::success);
    // The ones that are defined are in the upper halves.
    context.value("low_halves", (answer.r(4) | answer.r(5)) & 0xffff'ffff, 0);
}

constexpr std::array cases = {
    Case{"capacity.tells_entitlement", &tells_entitlement},
    Case{"capacity.refuses_more", &refuses_more},
    Case{"capacity.purr_goes_on", &purr_goes_on},
    Case{"small.poll_pending", &poll},
    Case{"small.sprg0", &sprg0},
    Case{"small.breakpoint_in_hypervisor", &breakpoint_in_hypervisor},
    Case{"small.data_breakpoint", &data_breakpoint},
    Case{"small.characteristics", &characteristics},
    Case{"small.device_access", &device_access},
};

} // namespace

std::span<const Case> capacity_cases() { return cases; }

} // namespace conform
