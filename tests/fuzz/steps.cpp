// SPDX-License-Identifier: Apache-2.0
#include "steps.hpp"
#include "call_check.hpp"
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <transom/hcall/dispatch.hpp>
#include <transom/partition/msr.hpp>

namespace transom::hcall_fuzz {
namespace {

using hcall::Row;
using Set = papr::FunctionSet;
using hcall::Then;
using partition::Vcpu;

constexpr unsigned most_steps = 128;
constexpr unsigned most_clears = 2; // H_CLEAR_HPT takes the time of a hundred other calls

/// Calls about single entries.
bool is_table_call(const Row& row) {
    return row.set == Set::pft || row.set == Set::bulk || row.set == Set::block_remove;
}

} // namespace

std::string describe(const Call& call) {
    const Row* const row = row_named(call.gpr[0]);
    std::string text =
        fmt::format("{} by processor {} (MSR {:x}), r3 to r12", row ? row->name : "no call", call.vcpu, call.msr);
    for (const std::uint64_t value : call.gpr)
        text += fmt::format(" {:x}", value);
    return text;
}

std::string Steps::run() {
    for (unsigned i = 0; i < most_steps && !input_.empty(); ++i)
        if (std::string broken = one_step(); !broken.empty())
            return broken;
    return {};
}

std::string Steps::one_step() {
    switch (input_.below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
        return table_call();
    case 6:
    case 7:
    case 8:
    case 9:
        return any_call();
    case 10:
        return rtas_call();
    case 11:
        return no_call();
    case 12:
        return machine_step();
    case 13:
        write_memory();
        return {};
    case 14:
        scene_.partition().memory.inject_missing(1 + input_.below(12));
        scene_.missing_injected = true;
        return {};
    default:
        return outside_step();
    }
}

std::string Steps::table_call() {
    const auto all = hcall::rows();
    const auto count = static_cast<std::size_t>(std::ranges::count_if(all, is_table_call));
    std::size_t left = input_.below(count);
    for (const Row& row : all)
        if (is_table_call(row) && left-- == 0)
            return fill_and_call(row);
    return {};
}

std::string Steps::any_call() {
    const auto all = hcall::rows();
    const Row& row = all[input_.below(all.size())];
    if (row.op == papr::Op::clear_hpt && ++clears_ > most_clears)
        return {};
    return fill_and_call(row);
}

/// What is no call: a token that nothing has, or one that something has from problem state.
std::string Steps::no_call() {
    Vcpu& vcpu = caller();
    auto& gpr = vcpu.registers.gpr;
    const bool problem_state = input_.flag();
    gpr[3] = input_.flag() ? input_.word(2) : arguments_.any();
    for (std::size_t i = 4; i < 8; ++i)
        gpr[i] = arguments_.any();
    if (problem_state)
        vcpu.registers.msr |= partition::msr::pr;
    std::string broken = make_call(vcpu);
    vcpu.registers.msr &= ~partition::msr::pr;
    return broken;
}

/// A processor that runs: one that waits was woken, one that is stopped was started, and what it was when it is over.
Vcpu& Steps::caller() {
    partition::Partition& partition = scene_.partition();
    Vcpu& vcpu = partition.vcpus[input_.below(partition.vcpu_count)];
    vcpu.state = partition::VcpuState::ready;
    partition.state = partition::PartitionState::running;
    return vcpu;
}

std::string Steps::fill_and_call(const Row& row) {
    Vcpu& vcpu = caller();
    auto& gpr = vcpu.registers.gpr;
    gpr[3] = static_cast<std::uint64_t>(row.op);
    for (std::size_t i = 0; i < row.shape.inputs; ++i)
        gpr[4 + i] = arguments_.next(row.op, i);
    const std::uint64_t d0 = gpr[6];
    std::string broken = make_call(vcpu);
    if (row.op == papr::Op::enter && gpr[3] == 0)
        scene_.notes[scene_.noted++ % scene_.notes.size()] = {gpr[4], d0};
    return broken;
}

/// A call that misses a page is made again, as the `sc` is executed again, and then has it.
std::string Steps::make_call(Vcpu& vcpu) {
    call_.vcpu = vcpu.index;
    call_.msr = vcpu.registers.msr;
    std::copy_n(vcpu.registers.gpr.begin() + 3, call_.gpr.size(), call_.gpr.begin());
    std::string broken = check(vcpu);
    return broken.empty() ? broken : fmt::format("{}\n  after {}", broken, describe(call_));
}

std::string Steps::check(Vcpu& vcpu) {
    for (;;) {
        const CallCheck check(scene_, vcpu);
        const hcall::Outcome outcome = hcall::dispatch(vcpu);
        tally_.add(call_.gpr[0], outcome);
        if (defect_ != nullptr)
            defect_(scene_, call_);
        if (shown_)
            std::fprintf(
                stderr, "%s -> %s, r3 to r12 %s\n", describe(call_).c_str(),
                outcome.then == Then::missing ? "missing" : "done",
                fmt::format("{:x}", fmt::join(vcpu.registers.gpr.begin() + 3, vcpu.registers.gpr.begin() + 13, " "))
                    .c_str());
        std::string broken = check.broken_by(outcome);
        if (!broken.empty() || outcome.then != Then::missing)
            return broken;
        scene_.missing_injected = false;
        vcpu.registers.nip += 4;
    }
}

} // namespace transom::hcall_fuzz
