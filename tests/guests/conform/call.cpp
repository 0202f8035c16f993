// SPDX-License-Identifier: Apache-2.0
// What holds for every hypervisor call. LoPAR "Hypervisor Call Semantics".
#include "access.hpp"

namespace conform {

namespace {

void unknown_token(Context& context) {
    context.status("zero", hcall(0).status, status::function);
    context.status("0x38", hcall(0x38).status, status::function);
    context.status("0xffc", hcall(0xffc).status, status::function);
    context.status("0xeffc", hcall(0xeffc).status, status::function);
}

void token_between_two(Context& context) {
    const auto slot = slot_count(context) - 1;
    context.status("0x5", hcall(0x05, 0, slot, 0).status, status::function);
    context.status("0x6", hcall(0x06, 0, slot, 0).status, status::function);
    context.status("0xd", hcall(0x0d, 0, slot).status, status::function);
    context.status("0xf", hcall(0x0f, 0, slot).status, status::function);
    context.status("0xe2", hcall(0xe2).status, status::function);
}

void huge_token(Context& context) {
    const auto slot = slot_count(context) - 1;
    context.status("all_ones", hcall(~std::uint64_t{0}).status, status::function);
    context.status("top_bit", hcall(std::uint64_t{1} << 63).status, status::function);
    // Known tokens when only the low 32 or 16 bits are looked at.
    context.status("read_plus_2_32", hcall((std::uint64_t{1} << 32) + call::read, 0, slot).status, status::function);
    context.status("read_plus_2_16", hcall((std::uint64_t{1} << 16) + call::read, 0, slot).status, status::function);
    context.status("negative", hcall(~std::uint64_t{3}).status, status::function);
}

const Segment segment = plain_segment(0x81);

/// Runs `sc 1` and what comes after it at an effective address in the given state, with r3 = token. r4 and up are what
/// they happen to be.
guest::Fault call_from(Context& context, std::uint64_t machine_state, std::uint32_t after, std::uint64_t token) {
    map(context, segment, segment.address, code_page(instruction::sc_1, after));
    guest::set_decrementer(guest::decrementer_idle);
    return guest::guarded_execute(segment.address, machine_state, token);
}

void translated_caller(Context& context) {
    using namespace guest::msr;
    const auto fault = call_from(context, sf | me | ir | dr | le, instruction::trap, 0x38);
    context.status("status", static_cast<std::int64_t>(fault.r(3)), status::function);
    context.value("vector", fault.vector, 0x700);
    context.holds("next_instruction", fault.srr0 == segment.address + 4);
    context.value("state", fault.srr1 & (sf | ee | pr | ir | dr | le), sf | ir | dr | le);
}

/// A call is refused in problem state before it is looked at which one it is.
void problem_state_unknown_token(Context& context) {
    using namespace guest::msr;
    const auto fault = call_from(context, sf | me | ee | pr | ir | dr | le, instruction::sc_0, 0x38);
    context.status("unknown", static_cast<std::int64_t>(fault.r(3)), status::privilege);
    context.value("vector", fault.vector, 0xc00);
}

constexpr std::array cases = {
    Case{"call.unknown_token", &unknown_token},
    Case{"call.token_between_two", &token_between_two},
    Case{"call.huge_token", &huge_token},
    Case{"call.translated_caller", &translated_caller},
    Case{"call.problem_state_unknown_token", &problem_state_unknown_token},
};

} // namespace

std::span<const Case> call_cases() { return cases; }

} // namespace conform
