// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>
#include <transom/base/big_endian.hpp>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {
namespace {

using papr::Status;
using partition::Vcpu;

/// Two registers as they carry characters: the first in the high-order byte of the first register.
using TermChars = std::array<std::uint8_t, vio::term_chars>;
using TermRegisters = std::array<Be<std::uint64_t>, 2>;

/// The terminal of that unit address; null where the partition has none. The first one also answers to 0, as early debug
/// code of operating systems expects.
vio::Terminal* find(Vcpu& vcpu, std::uint64_t unit) {
    partition::Partition& partition = *vcpu.partition;
    const std::uint64_t index = unit == 0 ? 0 : unit - vio::terminal_unit;
    return index < partition.terminal_count ? &partition.terminals[index] : nullptr;
}

/// The machine's console is always there for the first terminal; at the others an operator has to be.
bool is_open(const Vcpu& vcpu, const vio::Terminal& terminal) {
    return &terminal == vcpu.partition->terminals.data() || terminal.session != 0;
}

} // namespace

Outcome h_get_term_char(Vcpu& vcpu) {
    auto& gpr = vcpu.registers.gpr;
    vio::Terminal* const terminal = find(vcpu, gpr[4]);
    if (terminal == nullptr)
        return Status::parameter;
    if (!is_open(vcpu, *terminal) && terminal->input.empty())
        return Status::closed;
    TermChars chars{};
    gpr[4] = terminal->input.pop(chars);
    const auto words = std::bit_cast<TermRegisters>(chars);
    gpr[5] = words[0];
    gpr[6] = words[1];
    return Status::success;
}

Outcome h_put_term_char(Vcpu& vcpu) {
    const auto& gpr = vcpu.registers.gpr;
    const std::uint64_t length = gpr[5];
    vio::Terminal* const terminal = find(vcpu, gpr[4]);
    if (terminal == nullptr)
        return Status::parameter;
    if (!is_open(vcpu, *terminal))
        return Status::closed;
    if (length > vio::term_chars)
        return Status::parameter;
    if (terminal->output.empty())
        vcpu.partition->pool->sleepers.wake_for_tasks(); // who shows it may be asleep
    const auto chars = std::bit_cast<TermChars>(TermRegisters{gpr[6], gpr[7]});
    if (!terminal->write(std::span(chars).first(length)))
        return Outcome::yield(Status::busy); // let the console drain what is there
    return Status::success;
}

} // namespace transom::hcall
