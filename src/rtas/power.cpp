// SPDX-License-Identifier: Apache-2.0
#include "handlers.hpp"
#include <array>
#include <transom/partition/partition.hpp>

namespace transom::rtas {
namespace {

using partition::StopReason;
using partition::Vcpu;

using Words = std::array<char, partition::LastWords::longest>;

/// The text at an address of the partition, up to its end, the end of the buffer or the end of memory.
std::expected<std::string_view, memory::AccessError> text(const memory::LogicalMemory& memory, LogicalAddr at,
                                                          Words& buffer) {
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
    Words buffer;
    if (!text(vcpu.partition->memory, {in[0]}, buffer))
        return missing();
    return then_do([](Vcpu& caller, Inputs again) {
        Words words;
        if (const auto said = text(caller.partition->memory, {again[0]}, words)) {
            caller.partition->last_words.say(*said);
            caller.partition->pool->sleepers.wake_for_tasks();
        }
    });
}

} // namespace transom::rtas
