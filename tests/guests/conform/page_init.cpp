// SPDX-License-Identifier: Apache-2.0
// H_PAGE_INIT. LoPAR "H_PAGE_INIT": flags, destination, source.
#include "access.hpp"

namespace conform {

namespace {

constexpr std::uint64_t zero = 0x8000, copy = 0x4000;

std::uint64_t address(unsigned page) { return reinterpret_cast<std::uint64_t>(scratch(page)); }

void fill(unsigned page, std::uint64_t seed) {
    for (std::uint64_t i = 0; i < 512; ++i)
        real_store(scratch(page) + i, seed + i);
}

bool holds_fill(unsigned page, std::uint64_t seed) {
    for (std::uint64_t i = 0; i < 512; ++i)
        if (real_load(scratch(page) + i) != seed + i)
            return false;
    return true;
}

void zeroes(Context& context) {
    fill(20, 0x100);
    fill(21, 0x200);
    fill(22, 0x300);
    context.status("status", hcall(call::page_init, zero, address(21), 0).status, status::success);
    bool all_zero = true;
    for (std::uint64_t i = 0; i < 512; ++i)
        all_zero = all_zero && real_load(scratch(21) + i) == 0;
    context.holds("zero", all_zero);
    context.holds("neighbours_kept", holds_fill(20, 0x100) && holds_fill(22, 0x300));
}

void copies(Context& context) {
    fill(20, 0x100);
    fill(21, 0x200);
    fill(22, 0x300);
    context.status("status", hcall(call::page_init, copy, address(21), address(20)).status, status::success);
    context.holds("copied", holds_fill(21, 0x100));
    context.holds("others_kept", holds_fill(20, 0x100) && holds_fill(22, 0x300));
}

void refuses(Context& context) {
    fill(21, 0x200);
    const auto beyond = context.machine().memory;
    context.status("unaligned", hcall(call::page_init, zero, address(21) + 8, 0).status, status::parameter);
    context.status("beyond", hcall(call::page_init, zero, beyond, 0).status, status::parameter);
    context.status("far", hcall(call::page_init, zero, ~std::uint64_t{0xfff}, 0).status, status::parameter);
    context.status("source_unaligned", hcall(call::page_init, copy, address(21), address(20) + 8).status,
                   status::parameter);
    context.status("source_beyond", hcall(call::page_init, copy, address(21), beyond).status, status::parameter);
    context.holds("kept", holds_fill(21, 0x200));
}

void zeroes_before_it_copies(Context& context) {
    fill(20, 0x100);
    context.status("status", hcall(call::page_init, zero | copy, address(20), address(20)).status, status::success);
    context.value("first", real_load(scratch(20)), 0);
    context.value("last", real_load(scratch(20) + 511), 0);
}

void instruction_cache(Context& context) {
    fill(21, 0x200);
    constexpr std::uint64_t invalidate = 0x800000, synchronize = 0x400000;
    context.status("invalidate", hcall(call::page_init, invalidate, address(21), 0).status, status::success);
    context.status("synchronize", hcall(call::page_init, synchronize, address(21), 0).status, status::success);
    context.status("nothing", hcall(call::page_init, 0, address(21), 0).status, status::success);
    context.status("source_not_looked_at", hcall(call::page_init, 0, address(21), 1).status, status::success);
    context.holds("kept", holds_fill(21, 0x200));
}

void refuses_flags(Context& context) {
    fill(21, 0x200);
    for (const std::uint64_t flag : {0, 5, 31, 56, 63})
        context.status("flag", hcall(call::page_init, zero | std::uint64_t{1} << flag, address(21), 0).status,
                       status::parameter);
    context.holds("kept", holds_fill(21, 0x200));
}

constexpr std::array cases = {
    Case{"page_init.zeroes", &zeroes, good(call::page_init)},
    Case{"page_init.copies", &copies, good(call::page_init)},
    Case{"page_init.refuses", &refuses, boundary(call::page_init)},
    Case{"page_init.zeroes_before_it_copies", &zeroes_before_it_copies, good(call::page_init)},
    Case{"page_init.instruction_cache", &instruction_cache, good(call::page_init)},
    Case{"page_init.refuses_flags", &refuses_flags, hostile(call::page_init)},
};

} // namespace

std::span<const Case> page_init_cases() { return cases; }

} // namespace conform
