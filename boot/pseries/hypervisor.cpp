// SPDX-License-Identifier: Apache-2.0
#include "hypervisor.hpp"

#include <libfdt.h>
#include <transom/base/big_endian.hpp>
#include <transom/base/panic.hpp>

namespace boot::pseries {

using namespace transom;

CallResult call(HypervisorCall token, std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
    register std::uint64_t r3 asm("r3") = static_cast<std::uint64_t>(token);
    register std::uint64_t r4 asm("r4") = a;
    register std::uint64_t r5 asm("r5") = b;
    register std::uint64_t r6 asm("r6") = c;
    register std::uint64_t r7 asm("r7") = d;
    asm volatile("sc 1"
                 : "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7)
                 :
                 : "memory", "r0", "r8", "r9", "r10", "r11", "r12", "ctr", "xer", "cr0", "cr1", "cr5", "cr6", "cr7");
    return {static_cast<std::int64_t>(r3), {r4, r5, r6}};
}

std::int32_t rtas(std::uint32_t token, std::span<const std::uint32_t> inputs, std::span<std::uint32_t> outputs) {
    constexpr std::size_t most = 8;
    invariant(inputs.size() <= most && outputs.size() < most, "RTAS arguments");
    // LoPAR 7.2.8: token, number of inputs, number of outputs with the status, inputs, status, outputs.
    std::array<Be<std::uint32_t>, 3 + 2 * most> block{};
    block[0] = token;
    block[1] = static_cast<std::uint32_t>(inputs.size());
    block[2] = static_cast<std::uint32_t>(outputs.size() + 1);
    std::size_t at = 3;
    for (const std::uint32_t input : inputs)
        block[at++] = input;
    const std::size_t status = at;
    block[status] = 0xffffffff;
    call(HypervisorCall::rtas, reinterpret_cast<std::uint64_t>(block.data()));
    for (std::uint32_t& output : outputs)
        output = block[++at];
    return static_cast<std::int32_t>(std::uint32_t{block[status]});
}

std::uint32_t rtas_token(const void* fdt, const char* name) {
    int size = 0;
    const auto* value = static_cast<const std::byte*>(fdt_getprop(fdt, fdt_path_offset(fdt, "/rtas"), name, &size));
    return value != nullptr && size == 4 ? load_be<std::uint32_t>(value) : 0;
}

} // namespace boot::pseries
