// SPDX-License-Identifier: Apache-2.0
// Interrupts that an instruction of the partition causes are the partition's, whichever way the hypervisor gets to see
// them. ISA 2.07 Book III-S 6.5.
#include "access.hpp"

namespace conform {

namespace {

const Segment segment = plain_segment(0x121);
constexpr std::uint64_t program_causes = 0x000f'0000, illegal = 0x0008'0000, privileged = 0x0004'0000,
                        trapped = 0x0002'0000;

/// Runs one instruction in real mode, privileged, with `extra` MSR bits.
guest::Fault run(std::uint32_t instruction, std::uint64_t r3 = 0, std::uint64_t extra = 0) {
    using namespace guest::msr;
    const auto where = reinterpret_cast<std::uint64_t>(code_page(instruction, instruction::trap));
    auto fault = guest::guarded_execute(where, sf | me | le | extra, r3);
    fault.srr0 -= where; // how far it came
    return fault;
}

guest::Fault run_in_problem_state(Context& context, std::uint32_t instruction) {
    using namespace guest::msr;
    map(context, segment, segment.address, code_page(instruction, instruction::trap));
    guest::set_decrementer(guest::decrementer_idle);
    auto fault = guest::guarded_execute(segment.address, sf | me | ee | pr | ir | dr | le, 0);
    fault.srr0 -= segment.address;
    return fault;
}

void expect_program(Context& context, const guest::Fault& fault, std::uint64_t cause) {
    context.value("vector", fault.vector, 0x700);
    context.value("srr0", fault.srr0, 0);
    context.value("srr1", fault.srr1 & program_causes, cause);
}

constexpr std::uint32_t no_instruction = 0x0000'0000, mfmsr_3 = 0x7c60'00a6, fmr_1_1 = 0xfc20'0890,
                        vand_0_0_0 = 0x1000'0404, xxlor_0_0_0 = 0xf000'0490;

void trap(Context& context) { expect_program(context, run(instruction::trap), trapped); }

void illegal_instruction(Context& context) { expect_program(context, run(no_instruction), illegal); }

void illegal_in_problem_state(Context& context) {
    expect_program(context, run_in_problem_state(context, no_instruction), illegal);
}

void privileged_in_problem_state(Context& context) {
    expect_program(context, run_in_problem_state(context, mfmsr_3), privileged);
}

void trap_in_problem_state(Context& context) {
    const auto fault = run_in_problem_state(context, instruction::trap);
    expect_program(context, fault, trapped);
    using namespace guest::msr;
    context.value("state", fault.srr1 & (sf | ee | pr | ir | dr | le), sf | ee | pr | ir | dr | le);
}

void system_call(Context& context) {
    const auto fault = run(instruction::sc_0, 0x1234);
    context.value("vector", fault.vector, 0xc00);
    context.value("srr0", fault.srr0, 4);
    context.value("r3", fault.r(3), 0x1234);
}

void facilities_off(Context& context) {
    context.value("fp", run(fmr_1_1).vector, 0x800);
    context.value("vmx", run(vand_0_0_0).vector, 0xf20);
    context.value("vsx", run(xxlor_0_0_0).vector, 0xf40);
}

void facilities_on(Context& context) {
    using namespace guest::msr;
    const auto fp_fault = run(fmr_1_1, 0, fp);
    context.value("fp", fp_fault.vector, 0x700);
    context.value("fp_came_to", fp_fault.srr0, 4);
    const auto vmx_fault = run(vand_0_0_0, 0, vec);
    context.value("vmx", vmx_fault.vector, 0x700);
    context.value("vmx_came_to", vmx_fault.srr0, 4);
    const auto vsx_fault = run(xxlor_0_0_0, 0, fp | vec | vsx);
    context.value("vsx", vsx_fault.vector, 0x700);
    context.value("vsx_came_to", vsx_fault.srr0, 4);
}

constexpr std::array cases = {
    Case{"interrupt.trap", &trap},
    Case{"interrupt.illegal_instruction", &illegal_instruction},
    Case{"interrupt.illegal_in_problem_state", &illegal_in_problem_state},
    Case{"interrupt.privileged_in_problem_state", &privileged_in_problem_state},
    Case{"interrupt.trap_in_problem_state", &trap_in_problem_state},
    Case{"interrupt.system_call", &system_call},
    Case{"interrupt.facilities_off", &facilities_off},
    Case{"interrupt.facilities_on", &facilities_on},
};

} // namespace

std::span<const Case> interrupt_cases() { return cases; }

} // namespace conform
