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

/// The partition's only terminal also answers to 0, as early debug code of operating systems expects.
bool is_terminal(std::uint64_t unit) { return unit == vio::terminal_unit || unit == 0; }

} // namespace

Outcome h_get_term_char(Vcpu& vcpu) {
    auto& gpr = vcpu.registers.gpr;
    if (!is_terminal(gpr[4]))
        return Status::parameter;
    TermChars chars{};
    gpr[4] = vcpu.partition->terminal.input.pop(chars);
    const auto words = std::bit_cast<TermRegisters>(chars);
    gpr[5] = words[0];
    gpr[6] = words[1];
    return Status::success;
}

Outcome h_put_term_char(Vcpu& vcpu) {
    const auto& gpr = vcpu.registers.gpr;
    const std::uint64_t length = gpr[5];
    if (!is_terminal(gpr[4]) || length > vio::term_chars)
        return Status::parameter;
    const auto chars = std::bit_cast<TermChars>(TermRegisters{gpr[6], gpr[7]});
    if (!vcpu.partition->terminal.write(std::span(chars).first(length)))
        return Outcome::yield(Status::busy); // let the console drain what is there
    return Status::success;
}

} // namespace transom::hcall
