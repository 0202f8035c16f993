// SPDX-License-Identifier: Apache-2.0
#include "handlers.hpp"
#include <array>
#include <transom/base/log.hpp>
#include <transom/partition/partition.hpp>

namespace transom::rtas {
namespace {

using partition::StopReason;
using partition::Vcpu;

/// Longest part of an operating system's last words that is logged.
using LastWords = std::array<char, 160>;

/// The text at an address of the partition, up to its end, the end of the buffer or the end of memory.
std::expected<std::string_view, memory::AccessError> text(const memory::LogicalMemory& memory, LogicalAddr at,
                                                          LastWords& buffer) {
    std::size_t n = 0;
    for (; n < buffer.size(); ++n) {
        const auto c = memory.load<char>(at + n);
        if (!c && c.error() == memory::AccessError::missing)
            return std::unexpected(c.error());
        if (!c || *c == '\0')
            break;
        buffer[n] = *c >= ' ' && *c <= '~' ? *c : ' ';
    }
    return std::string_view(buffer.data(), n);
}

} // namespace

Reply power_off(Vcpu&, Inputs) {
    return then_do([](Vcpu& vcpu, Inputs) { vcpu.partition->end(StopReason::power_off); }, hcall::Then::yield);
}

Reply system_reboot(Vcpu&, Inputs) {
    return then_do([](Vcpu& vcpu, Inputs) { vcpu.partition->end(StopReason::reboot); }, hcall::Then::yield);
}

// LoPAR's extended ibm,os-term: the call always returns.
Reply os_term(Vcpu& vcpu, Inputs in) {
    LastWords buffer;
    if (!text(vcpu.partition->memory, {in[0]}, buffer))
        return missing();
    return then_do([](Vcpu& caller, Inputs again) {
        LastWords words;
        if (const auto said = text(caller.partition->memory, {again[0]}, words))
            log("partition {}: operating system terminated: {}", caller.partition->name(), *said);
    });
}

} // namespace transom::rtas
