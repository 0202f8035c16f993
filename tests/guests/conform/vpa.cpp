// SPDX-License-Identifier: Apache-2.0
// H_REGISTER_VPA. LoPAR "H_REGISTER_VPA": flags, virtual processor, address.
#include "access.hpp"

#include <transom/base/big_endian.hpp>

namespace conform {

namespace {

// Bits 16 to 18 of the flags.
constexpr std::uint64_t function(std::uint64_t n) { return n << 45; }
constexpr std::uint64_t add_area = function(1), add_log = function(2), add_shadow = function(3),
                        drop_area = function(5), drop_log = function(6), drop_shadow = function(7);

std::uint64_t address(unsigned page) { return reinterpret_cast<std::uint64_t>(scratch(page)); }

/// A zeroed page with a size field as the area (16 bits at 4) or the log and the shadow (32 bits at 4) have it.
std::uint64_t area(unsigned page, std::uint16_t size) {
    for (unsigned i = 0; i < 512; ++i)
        real_store(scratch(page) + i, 0);
    transom::store_be<std::uint16_t>(reinterpret_cast<std::byte*>(scratch(page)) + 4, size);
    return address(page);
}

std::uint64_t buffer(unsigned page, std::uint32_t size) {
    area(page, 0);
    transom::store_be<std::uint32_t>(reinterpret_cast<std::byte*>(scratch(page)) + 4, size);
    return address(page);
}

std::int64_t reg(std::uint64_t flags, std::uint64_t where, std::uint64_t processor = 0) {
    return hcall(call::register_vpa, flags, processor, where).status;
}

void drop_all() {
    reg(drop_log, 0);
    reg(drop_shadow, 0);
    reg(drop_area, 0);
}

bool offered(Context& context) {
    if (context.machine().tree->has_function_set("hcall-splpar"))
        return true;
    context.skip("ibm,hypertas-functions has no hcall-splpar");
    return false;
}

void registers_and_deregisters(Context& context) {
    if (!offered(context))
        return;
    context.status("add", reg(add_area, area(16, 640)), status::success);
    context.status("drop", reg(drop_area, 0), status::success);
    context.status("add_again", reg(add_area, area(16, 4096)), status::success);
    drop_all();
}

void dispatch_counter(Context& context) {
    if (!offered(context))
        return;
    const auto where = area(16, 640);
    context.status("add", reg(add_area, where), status::success);
    hcall(call::read, 0, 0);
    const auto* bytes = reinterpret_cast<const std::byte*>(where);
    context.value("odd", transom::load_be<std::uint32_t>(bytes + 0x100) & 1, 0);
    drop_all();
}

void area_alignment(Context& context) {
    if (!offered(context))
        return;
    const auto where = area(16, 640);
    scratch(16)[1] = scratch(16)[0]; // the size where an unaligned area would have it
    context.status("eight_off", reg(add_area, where + 8), status::parameter);
    drop_all();
}

void area_too_small(Context& context) {
    if (!offered(context))
        return;
    context.status("639", reg(add_area, area(16, 639)), status::parameter);
    context.status("zero", reg(add_area, area(16, 0)), status::parameter);
    drop_all();
}

void area_across_pages(Context& context) {
    if (!offered(context))
        return;
    area(16, 0);
    auto* bytes = reinterpret_cast<std::byte*>(scratch(16)) + 0xe00;
    transom::store_be<std::uint16_t>(bytes + 4, 640);
    context.status("status", reg(add_area, address(16) + 0xe00), status::parameter);
    drop_all();
}

void area_beyond_memory(Context& context) {
    if (!offered(context))
        return;
    context.status("first_beyond", reg(add_area, context.machine().memory), status::parameter);
    context.status("far", reg(add_area, std::uint64_t{1} << 50), status::parameter);
    context.status("top", reg(add_area, ~std::uint64_t{0xfff}), status::parameter);
    drop_all();
}

void other_processor(Context& context) {
    if (!offered(context))
        return;
    context.status("4095", reg(add_area, area(16, 640), 4095), status::parameter);
    context.status("all_ones", reg(add_area, area(16, 640), ~std::uint64_t{0}), status::parameter);
    drop_all();
}

void unknown_function(Context& context) {
    if (!offered(context))
        return;
    context.status("zero", reg(function(0), area(16, 640)), status::parameter);
    context.status("four", reg(function(4), area(16, 640)), status::parameter);
    drop_all();
}

void order(Context& context) {
    if (!offered(context))
        return;
    context.status("shadow_first", reg(add_shadow, buffer(17, 0x80)), status::resource);
    context.status("log_first", reg(add_log, buffer(18, 4096)), status::resource);
    context.status("area", reg(add_area, area(16, 640)), status::success);
    context.status("shadow", reg(add_shadow, buffer(17, 0x80)), status::success);
    context.status("area_with_shadow", reg(drop_area, 0), status::resource);
    context.status("drop_shadow", reg(drop_shadow, 0), status::success);
    context.status("log", reg(add_log, buffer(18, 4096)), status::success);
    context.status("area_with_log", reg(drop_area, 0), status::resource);
    context.status("drop_log", reg(drop_log, 0), status::success);
    context.status("drop_area", reg(drop_area, 0), status::success);
}

void buffers_too_small(Context& context) {
    if (!offered(context))
        return;
    reg(add_area, area(16, 640));
    context.status("log_47", reg(add_log, buffer(18, 47)), status::parameter);
    context.status("log_48", reg(add_log, buffer(18, 48)), status::success);
    context.status("shadow_7", reg(add_shadow, buffer(17, 7)), status::parameter);
    drop_all();
}

void other_flags(Context& context) {
    if (!offered(context))
        return;
    context.status("bit_19", reg(add_area | std::uint64_t{1} << 44, area(16, 640)), status::parameter);
    context.status("bit_23", reg(add_area | std::uint64_t{1} << 40, area(16, 640)), status::parameter);
    drop_all();
}

void buffers_across_and_beyond(Context& context) {
    if (!offered(context))
        return;
    reg(add_area, area(16, 640));
    context.status("shadow_across_pages", reg(add_shadow, buffer(17, 4097)), status::parameter);
    context.status("shadow_of_a_page", reg(add_shadow, buffer(17, 4096)), status::success);
    context.status("log_beyond", reg(add_log, buffer(18, 0xffff'ffff)), status::parameter);
    const auto unaligned = buffer(18, 4096);
    scratch(18)[1] = scratch(18)[0]; // the size where an unaligned log would have it
    context.status("log_unaligned", reg(add_log, unaligned + 8), status::parameter);
    context.status("log_outside", reg(add_log, context.machine().memory), status::parameter);
    drop_all();
}

void parameter_before_resource(Context& context) {
    if (!offered(context))
        return;
    context.status("log", reg(add_log, buffer(18, 47)), status::parameter);
    context.status("shadow", reg(add_shadow, buffer(17, 7)), status::parameter);
    drop_all();
}

void dropping_is_always_allowed(Context& context) {
    if (!offered(context))
        return;
    drop_all();
    context.status("log", reg(drop_log, ~std::uint64_t{0}), status::success);
    context.status("shadow", reg(drop_shadow, ~std::uint64_t{0}), status::success);
    context.status("area", reg(drop_area, ~std::uint64_t{0}), status::success);
}

constexpr std::array cases = {
    Case{"vpa.registers_and_deregisters", &registers_and_deregisters, good(call::register_vpa)},
    Case{"vpa.dispatch_counter", &dispatch_counter, good(call::register_vpa)},
    Case{"vpa.area_alignment", &area_alignment, boundary(call::register_vpa)},
    Case{"vpa.area_too_small", &area_too_small, boundary(call::register_vpa)},
    Case{"vpa.area_across_pages", &area_across_pages, boundary(call::register_vpa)},
    Case{"vpa.area_beyond_memory", &area_beyond_memory, hostile(call::register_vpa)},
    Case{"vpa.other_processor", &other_processor, boundary(call::register_vpa)},
    Case{"vpa.unknown_function", &unknown_function, hostile(call::register_vpa)},
    Case{"vpa.order", &order, boundary(call::register_vpa)},
    Case{"vpa.buffers_too_small", &buffers_too_small, boundary(call::register_vpa)},
    Case{"vpa.other_flags", &other_flags, hostile(call::register_vpa)},
    Case{"vpa.buffers_across_and_beyond", &buffers_across_and_beyond, boundary(call::register_vpa)},
    Case{"vpa.parameter_before_resource", &parameter_before_resource, boundary(call::register_vpa)},
    Case{"vpa.dropping_is_always_allowed", &dropping_is_always_allowed, good(call::register_vpa)},
};

} // namespace

std::span<const Case> vpa_cases() { return cases; }

} // namespace conform
