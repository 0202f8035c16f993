// SPDX-License-Identifier: Apache-2.0
// H_REGISTER_PROC_TBL (LoPAR "H_REGISTER_PROCESS_TABLE") in the forms of a partition that stays with hashed page table and SLB.
#include "access.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x131);

bool offered(Context& context) {
    constexpr std::uint64_t power8 = 0x4d, power8e = 0x4b, power8nvl = 0x4c;
    const auto version = guest::read_spr<guest::spr::pvr>() >> 16;
    if (version != power8 && version != power8e && version != power8nvl)
        return true;
    context.skip("POWER8 has no process table");
    return false;
}

void stays_with_hash(Context& context) {
    if (!offered(context))
        return;
    real_store(scratch(), 0x77);
    map(context, segment, segment.address, scratch());
    context.status("status", hcall(call::register_process_table, 0, 0, 0, 0).status, status::success);
    const auto loaded = load(segment.address);
    context.value("vector", loaded.fault.vector, 0);
    context.value("loaded", loaded.value, 0x77);
}

void nothing_registered(Context& context) {
    if (!offered(context))
        return;
    // Bit 59 off: the registration stays as it is, whatever bit 60 says. Then none at all.
    context.status("stays", hcall(call::register_process_table, 0x8, 0, 0, 0).status, status::success);
    context.status("none", hcall(call::register_process_table, 0x10, 0, 0, 0).status, status::success);
    real_store(scratch(), 0x78);
    map(context, segment, segment.address, scratch());
    context.value("loaded", load(segment.address).value, 0x78);
}

void undefined_flags(Context& context) {
    if (!offered(context))
        return;
    context.status("0x20", hcall(call::register_process_table, 0x20, 0, 0, 0).status, status::parameter);
    context.status("top_bit", hcall(call::register_process_table, std::uint64_t{1} << 63, 0, 0, 0).status,
                   status::parameter);
}

constexpr std::array cases = {
    Case{"process_table.stays_with_hash", &stays_with_hash, good(call::register_process_table)},
    Case{"process_table.nothing_registered", &nothing_registered, good(call::register_process_table)},
    Case{"process_table.undefined_flags", &undefined_flags,
         boundary(call::register_process_table) | hostile(call::register_process_table)},
};

} // namespace

std::span<const Case> process_table_cases() { return cases; }

} // namespace conform
