// SPDX-License-Identifier: Apache-2.0
#include "rtas.hpp"

#include "hypercall.hpp"
#include "line.hpp"

#include <transom/base/big_endian.hpp>

namespace guest {

RtasAnswer rtas(std::uint32_t token, std::initializer_list<std::uint32_t> inputs, std::uint32_t outputs) {
    // LoPAR: token, number of inputs, number of outputs, inputs, outputs; all 32 bits, big-endian.
    alignas(64) std::array<transom::Be<std::uint32_t>, 3 + 8 + 8> block{};
    std::size_t n = 0;
    block[n++] = token;
    block[n++] = static_cast<std::uint32_t>(inputs.size());
    block[n++] = outputs;
    for (const auto input : inputs)
        block[n++] = input;
    const auto first_output = n;
    for (std::uint32_t i = 0; i < outputs; ++i)
        block[n++] = untouched;
    RtasAnswer answer{.hcall_status = hcall(call::rtas, reinterpret_cast<std::uint64_t>(block.data())).status};
    for (std::uint32_t i = 0; i < outputs; ++i)
        answer.returned[i] = block[first_output + i];
    return answer;
}

void power_off(const Tree& tree) {
    if (const auto token = tree.rtas_token("power-off"))
        rtas(*token, {0xffff'ffff, 0xffff'ffff}, 1);
    print("# power-off did not end the partition");
    for (;;)
        asm volatile("" ::: "memory");
}

} // namespace guest
