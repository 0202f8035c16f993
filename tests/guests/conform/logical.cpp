// SPDX-License-Identifier: Apache-2.0
// H_LOGICAL_CACHE_LOAD, H_LOGICAL_CACHE_STORE, H_LOGICAL_ICBI, H_LOGICAL_DCBF: size, address, value. Not in LoPAR; as Linux
// names them and QEMU has them.
#include "access.hpp"

#include <transom/base/big_endian.hpp>

namespace conform {

namespace {

constexpr std::uint64_t pattern = 0x0123'4567'89ab'cdef;

std::uint64_t address(unsigned page) { return reinterpret_cast<std::uint64_t>(scratch(page)); }
std::byte* bytes(unsigned page) { return reinterpret_cast<std::byte*>(scratch(page)); }

void loads(Context& context) {
    transom::store_be<std::uint64_t>(bytes(20), pattern);
    for (const std::uint64_t size : {1, 2, 4, 8}) {
        const auto answer = hcall(call::cache_load, size, address(20));
        context.status("status", answer.status, status::success);
        context.value("value", answer.r(4), pattern >> (64 - 8 * size));
    }
}

void stores(Context& context) {
    for (const std::uint64_t size : {1, 2, 4, 8}) {
        real_store(scratch(20), 0);
        context.status("status", hcall(call::cache_store, size, address(20), pattern).status, status::success);
        const std::uint64_t low = size == 8 ? pattern : pattern & ((std::uint64_t{1} << 8 * size) - 1);
        context.value("stored", transom::load_be<std::uint64_t>(bytes(20)), low << (64 - 8 * size));
    }
}

void refuses_sizes(Context& context) {
    for (const std::uint64_t size : {0, 3, 16}) {
        context.status("load", hcall(call::cache_load, size, address(20)).status, status::parameter);
        context.status("store", hcall(call::cache_store, size, address(20), 1).status, status::parameter);
    }
}

void refuses_unaligned(Context& context) {
    real_store(scratch(20), 0);
    context.status("load", hcall(call::cache_load, 8, address(20) + 4).status, status::parameter);
    context.status("store", hcall(call::cache_store, 2, address(20) + 1, pattern).status, status::parameter);
    context.value("kept", real_load(scratch(20)), 0);
}

void refuses_beyond_memory(Context& context) {
    const auto beyond = context.machine().memory;
    context.status("load", hcall(call::cache_load, 8, beyond).status, status::parameter);
    context.status("store", hcall(call::cache_store, 8, beyond, 1).status, status::parameter);
    context.status("top", hcall(call::cache_load, 8, ~std::uint64_t{7}).status, status::parameter);
}

void blocks(Context& context) {
    context.status("icbi", hcall(call::icbi, address(20)).status, status::success);
    context.status("dcbf", hcall(call::dcbf, address(20) + 77).status, status::success);
}

void blocks_beyond_memory(Context& context) {
    const auto beyond = context.machine().memory;
    context.status("icbi", hcall(call::icbi, beyond).status, status::parameter);
    context.status("dcbf", hcall(call::dcbf, ~std::uint64_t{0}).status, status::parameter);
}

constexpr std::array cases = {
    Case{"logical.loads", &loads, good(call::cache_load)},
    Case{"logical.stores", &stores, good(call::cache_store)},
    Case{"logical.refuses_sizes", &refuses_sizes, boundary(call::cache_load, call::cache_store)},
    Case{"logical.refuses_unaligned", &refuses_unaligned, boundary(call::cache_load, call::cache_store)},
    Case{"logical.refuses_beyond_memory", &refuses_beyond_memory, hostile(call::cache_load, call::cache_store)},
    Case{"logical.blocks", &blocks, good(call::icbi, call::dcbf)},
    Case{"logical.blocks_beyond_memory", &blocks_beyond_memory,
         boundary(call::icbi, call::dcbf) | hostile(call::icbi, call::dcbf)},
};

} // namespace

std::span<const Case> logical_cases() { return cases; }

} // namespace conform
