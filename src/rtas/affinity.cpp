// SPDX-License-Identifier: Apache-2.0
#include "handlers.hpp"
#include <algorithm>
#include <array>
#include <optional>
#include <transom/base/big_endian.hpp>
#include <transom/partition/affinity_calls.hpp>
#include <transom/partition/partition.hpp>

// Transom's own system parameters, by which an operating system that knows nothing of H_AFFINITY lets a privileged program ask:
// docs/hcalls/h_affinity.md.

namespace transom::rtas {
namespace {

using partition::AffinityQuestion;
using partition::Vcpu;

constexpr std::uint32_t current_score = 0xf100, found_score = 0xf101, job = 0xf102;
/// LoPAR "RTAS status word values": the call is to be made again after 1 ms.
constexpr std::int32_t extended_delay_1_ms = 9900;

/// The length, two bytes, and the value, as far as there is room. False: a page is missing, and nothing has happened.
bool write(memory::LogicalMemory& memory, LogicalAddr buffer, std::uint32_t room, std::span<const std::byte> value) {
    std::array<std::byte, 2 + sizeof(affinity::wire::Report)> bytes;
    store_be(bytes.data(), static_cast<std::uint16_t>(value.size()));
    std::memcpy(bytes.data() + 2, value.data(), value.size());
    return memory.write(buffer, std::span(bytes).first(std::min<std::size_t>(room, value.size() + 2))).has_value();
}

Reply report(Vcpu& vcpu, AffinityQuestion::About about, LogicalAddr buffer, std::uint32_t room) {
    partition::Partition& partition = *vcpu.partition;
    const auto* const answer = partition::ask_affinity(partition, {.about = about});
    if (answer == nullptr) {
        Reply later = status(extended_delay_1_ms);
        later.then = hcall::Then::yield;
        return later;
    }
    if (answer->status == papr::Status::success && !write(partition.memory, buffer, room, answer->report.bytes()))
        return missing();
    Reply reply = then_do([](Vcpu& caller, Inputs) { caller.partition->affinity.take(); });
    reply.status = answer->status == papr::Status::success ? success : hardware_error;
    return reply;
}

bool allowed(const Vcpu& vcpu) { return vcpu.partition->allowed_calls.sets().contains(papr::FunctionSet::affinity); }

} // namespace

std::optional<Reply> get_affinity_parameter(Vcpu& vcpu, Inputs in) {
    const std::uint32_t parameter = in[0], room = in[2];
    const LogicalAddr buffer{in[1]};
    memory::LogicalMemory& memory = vcpu.partition->memory;
    if (parameter < current_score || parameter > job || !allowed(vcpu))
        return {};
    if (!memory.contains(buffer, room))
        return status(parameter_error);
    if (parameter == current_score)
        return report(vcpu, AffinityQuestion::About::current, buffer, room);
    if (parameter == found_score)
        return report(vcpu, AffinityQuestion::About::found, buffer, room);
    if (!write(memory, buffer, room, std::as_bytes(std::span(&vcpu.partition->affinity.job(), 1))))
        return missing();
    return Reply{};
}

// Who wants it twice, or does not want what he has not wanted, has what he wants.
Reply set_system_parameter(Vcpu& vcpu, Inputs in) {
    if (in[0] != job || !allowed(vcpu))
        return status(parameter_error);
    std::array<std::byte, 3>
        setting; // the length of the value, two bytes, and the value: 1 it is wanted, 0 not any more
    if (const auto read = vcpu.partition->memory.read({in[1]}, setting); !read)
        return read.error() == memory::AccessError::missing ? missing() : status(parameter_error);
    const auto wanted = std::to_integer<unsigned>(setting[2]);
    if (load_be<std::uint16_t>(setting.data()) != 1 || wanted > 1)
        return status(parameter_error);
    if (wanted == 1)
        return then_do([](Vcpu& caller, Inputs) { partition::want_reallocation(*caller.partition); });
    return then_do([](Vcpu& caller, Inputs) { partition::cancel_reallocation(*caller.partition); });
}

} // namespace transom::rtas
