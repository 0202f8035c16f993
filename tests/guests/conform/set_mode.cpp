// SPDX-License-Identifier: Apache-2.0
// H_SET_MODE. LoPAR "H_SET_MODE": mflags, resource, value 1, value 2.
#include "access.hpp"

namespace conform {

namespace {

constexpr std::uint64_t address_translation = 3, endian = 4;

std::int64_t set_mode(std::uint64_t flags, std::uint64_t resource, std::uint64_t value_1 = 0,
                      std::uint64_t value_2 = 0) {
    return hcall(call::set_mode, flags, resource, value_1, value_2).status;
}

void little_endian(Context& context) {
    context.status("little", set_mode(1, endian), status::success);
    context.status("big", set_mode(0, endian), status::success);
    context.status("little_again", set_mode(1, endian), status::success);
    // An interrupt in the wrong order would not come back.
    using namespace guest::msr;
    const auto fault = guest::guarded_execute(reinterpret_cast<std::uint64_t>(trap_page()), sf | me | le, 0);
    context.value("vector", fault.vector, 0x700);
}

void endian_arguments(Context& context) {
    context.status("mflags_2", set_mode(2, endian), -256 - 62);
    context.status("value_1", set_mode(1, endian, 1), status::p3);
    context.status("value_2", set_mode(1, endian, 0, 1), status::p4);
}

void endian_with_interrupts_on(Context& context) {
    guest::set_decrementer(guest::decrementer_idle);
    guest::allow_interrupts(true);
    const auto answer = set_mode(1, endian);
    guest::allow_interrupts(false);
    context.status("status", answer, status::bad_mode);
}

void unknown_resource(Context& context) {
    context.status("zero", set_mode(0, 0), status::p2);
    context.status("0x100", set_mode(0, 0x100), status::p2);
    context.status("all_ones", set_mode(0, ~std::uint64_t{0}), status::p2);
}

void interrupt_location(Context& context) {
    context.status("off", set_mode(0, address_translation), status::success);
    context.status("mflags_3", set_mode(3, address_translation), status::success);
    context.status("off_again", set_mode(0, address_translation), status::success);
}

void interrupt_location_arguments(Context& context) {
    context.status("mflags_1", set_mode(1, address_translation), -256 - 62);
    context.status("mflags_4", set_mode(4, address_translation), -256 - 61);
    context.status("value_1", set_mode(3, address_translation, 1), status::p3);
    context.status("value_2", set_mode(3, address_translation, 0, 1), status::p4);
}

constexpr std::uint64_t breakpoint = 1, watchpoint = 2;

void breakpoint_arguments(Context& context) {
    context.status("set", set_mode(0, breakpoint, 0x1000'0001), status::success);
    context.status("clear", set_mode(0, breakpoint, 0), status::success);
    context.status("hypervisor", set_mode(0, breakpoint, 0x1000'0003), status::p3);
    context.status("value_2", set_mode(0, breakpoint, 0, 1), status::p4);
    context.status("mflags", set_mode(1, breakpoint), -256 - 63);
}

void watchpoint_arguments(Context& context) {
    context.status("set", set_mode(0, watchpoint, 0x1000'0000, 0x41), status::success);
    context.status("clear", set_mode(0, watchpoint, 0, 0), status::success);
    context.status("hypervisor", set_mode(0, watchpoint, 0x1000'0000, 0x44), status::p4);
    context.status("mflags", set_mode(1, watchpoint), -256 - 63);
}

constexpr std::array cases = {
    Case{"set_mode.little_endian", &little_endian, good(call::set_mode)},
    Case{"set_mode.endian_arguments", &endian_arguments, boundary(call::set_mode)},
    Case{"set_mode.endian_with_interrupts_on", &endian_with_interrupts_on, boundary(call::set_mode)},
    Case{"set_mode.unknown_resource", &unknown_resource, hostile(call::set_mode)},
    Case{"set_mode.interrupt_location", &interrupt_location, good(call::set_mode)},
    Case{"set_mode.interrupt_location_arguments", &interrupt_location_arguments, boundary(call::set_mode)},
    Case{"set_mode.breakpoint_arguments", &breakpoint_arguments, boundary(call::set_mode)},
    Case{"set_mode.watchpoint_arguments", &watchpoint_arguments, boundary(call::set_mode)},
};

} // namespace

std::span<const Case> set_mode_cases() { return cases; }

} // namespace conform
