// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace guest {

/// What a hypervisor call left in r3 to r12.
struct Answer {
    std::int64_t status = 0;
    std::array<std::uint64_t, 9> outputs{}; // r4 to r12

    std::uint64_t r(unsigned n) const { return outputs[n - 4]; }
};

extern "C" void hypercall_registers(std::uint64_t* r3_to_r12);

/// An argument register that the call does not define holds this: a call that looks at it is caught.
constexpr std::uint64_t undefined_argument = 0xbad0'a496'bad0'a496;

/// `sc 1` with `token` in r3 and the arguments from r4 on.
template <class... Args> Answer hcall(std::uint64_t token, Args... arguments) {
    static_assert(sizeof...(Args) <= 9);
    std::array<std::uint64_t, 10> registers;
    registers.fill(undefined_argument);
    std::size_t n = 0;
    registers[n] = token;
    ((registers[++n] = static_cast<std::uint64_t>(arguments)), ...);
    hypercall_registers(registers.data());
    Answer answer{.status = static_cast<std::int64_t>(registers[0])};
    for (std::size_t i = 0; i < answer.outputs.size(); ++i)
        answer.outputs[i] = registers[i + 1];
    return answer;
}

/// Tokens, written down from LoPAR and not shared with the hypervisor: a wrong number in its table shows.
namespace call {
constexpr std::uint64_t remove = 0x04, enter = 0x08, read = 0x0c, clear_mod = 0x10, clear_ref = 0x14, protect = 0x18,
                        get_term_char = 0x54, put_term_char = 0x58, eoi = 0x64, cppr = 0x68, ipi = 0x6c, ipoll = 0x70,
                        xirr = 0x74, register_vpa = 0xdc, cede = 0xe0, confer = 0xe4, prod = 0xe8, bulk_remove = 0x124,
                        page_init = 0x2c, cache_load = 0x44, cache_store = 0x48, icbi = 0x4c, dcbf = 0x50, pic = 0xf8,
                        join = 0x298, donor_operation = 0x29c, vasi_signal = 0x2a0, vasi_state = 0x2a4,
                        home_node_associativity = 0x2ec, random = 0x300, signal_sys_reset = 0x380, set_mode = 0x31c,
                        block_remove = 0x328, clear_hpt = 0x358, resize_hpt_prepare = 0x36c, resize_hpt_commit = 0x370,
                        register_process_table = 0x37c, rtas = 0xf000, set_sprg0 = 0x24, set_dabr = 0x28,
                        get_cpu_characteristics = 0x1c8, ci_load = 0x3c, ci_store = 0x40, get_ppp = 0xec,
                        set_ppp = 0xf0, purr = 0xf4, set_xdabr = 0x134, poll_pending = 0x1d8, xirr_x = 0x2fc,
                        affinity = 0xf100;
} // namespace call

/// Status values, for the same reason.
namespace status {
constexpr std::int64_t success = 0, busy = 1, closed = 2, partial = 5, continue_ = 18, hardware = -1, function = -2,
                       privilege = -3, parameter = -4, authority = -10, bad_mode = -5, pteg_full = -6, not_found = -7,
                       resource = -16, p2 = -55, p3 = -56, p4 = -57, too_big = -64, in_progress = 14,
                       long_busy_1_ms = 9900;
} // namespace status

} // namespace guest
