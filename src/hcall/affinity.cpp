// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <transom/hcall/handlers.hpp>
#include <transom/partition/affinity_calls.hpp>
#include <transom/partition/partition.hpp>

namespace transom::hcall {
namespace {

using affinity::wire::Report;
using papr::Status;
using partition::AffinityQuestion;
using partition::Partition;

/// What r4 says; the numbers are docs/hcalls/h_affinity.md's.
enum class Function : std::uint64_t { current = 0, found = 1, proposed = 2, request = 3, job = 4, cancel = 5 };

constexpr std::uint32_t too_much = 1U << 22; // of anything, see affinity::Amounts

std::optional<affinity::Formula> formula(std::uint64_t number) {
    switch (number) {
    case 1:
        return affinity::Formula::claimed;
    case 0:
    case 2:
        return affinity::Formula::composite;
    default:
        return {};
    }
}

Outcome failed(memory::AccessError error) {
    return error == memory::AccessError::missing ? Outcome::missing() : Outcome(Status::p3);
}

/// The buffer is too small.
Outcome needs(partition::Vcpu& vcpu, std::size_t bytes) {
    vcpu.registers.gpr[4] = bytes;
    return Status::p4;
}

/// Gives an answer to the caller, or says why not; then nothing has happened.
Outcome give(partition::Vcpu& vcpu, std::span<const std::byte> bytes) {
    auto& gpr = vcpu.registers.gpr;
    if (gpr[7] < bytes.size())
        return needs(vcpu, bytes.size());
    if (const auto written = vcpu.partition->memory.write({gpr[6]}, bytes); !written)
        return failed(written.error());
    gpr[4] = bytes.size();
    return Status::success;
}

/// The place that the caller proposes, from its buffer.
std::expected<Report, Outcome> proposal(partition::Vcpu& vcpu) {
    const auto& gpr = vcpu.registers.gpr;
    const memory::LogicalMemory& memory = vcpu.partition->memory;
    Report report{};
    const std::span<std::byte> bytes = std::as_writable_bytes(std::span(&report, 1));
    if (gpr[7] < Report::size_with(0))
        return std::unexpected(needs(vcpu, Report::size_with(0)));
    if (const auto read = memory.read({gpr[6]}, bytes.first(Report::size_with(0))); !read)
        return std::unexpected(failed(read.error()));
    const std::uint16_t count = report.count;
    if (report.version != affinity::wire::version || count > affinity::max_nodes)
        return std::unexpected(Outcome(Status::p3));
    if (gpr[7] < Report::size_with(count))
        return std::unexpected(needs(vcpu, Report::size_with(count)));
    Report proposal{};
    proposal.count = count;
    proposal.page_table = report.page_table;
    const auto inputs = std::span(proposal.inputs).first(count);
    if (const auto read = memory.read({gpr[6] + Report::size_with(0)}, std::as_writable_bytes(inputs)); !read)
        return std::unexpected(failed(read.error()));
    for (const affinity::wire::Input& input : inputs)
        if (input.reserved != 0 || input.memory >= too_much || input.processing >= too_much)
            return std::unexpected(Outcome(Status::p3));
    return proposal;
}

Outcome ask(partition::Vcpu& vcpu, AffinityQuestion::About about) {
    Partition& partition = *vcpu.partition;
    const auto by = formula(vcpu.registers.gpr[5]);
    if (!by)
        return Status::p2;
    AffinityQuestion question{.about = about, .formula = *by};
    if (about == AffinityQuestion::About::proposed) {
        const auto proposed = proposal(vcpu);
        if (!proposed)
            return proposed.error();
        question.proposal = *proposed;
    }
    const auto* const answer = partition::ask_affinity(partition, question);
    if (answer == nullptr)
        return Outcome::yield(Status::long_busy_1_ms);
    if (answer->status != Status::success) {
        const Status status = answer->status;
        partition.affinity.take();
        return status;
    }
    const Outcome given = give(vcpu, answer->report.bytes());
    if (given.then == Then::resume && given.status == Status::success)
        partition.affinity.take();
    return given;
}

} // namespace

// H_AFFINITY, a call of Transom's own: function, formula, buffer, its length -> r4: bytes in the buffer.
Outcome h_affinity(partition::Vcpu& vcpu) {
    Partition& partition = *vcpu.partition;
    switch (static_cast<Function>(vcpu.registers.gpr[4])) {
    case Function::current:
        return ask(vcpu, AffinityQuestion::About::current);
    case Function::found:
        return ask(vcpu, AffinityQuestion::About::found);
    case Function::proposed:
        return ask(vcpu, AffinityQuestion::About::proposed);
    case Function::request:
        return partition::want_reallocation(partition) ? Status::success : Status::in_progress;
    case Function::job:
        return give(vcpu, std::as_bytes(std::span(&partition.affinity.job(), 1)));
    case Function::cancel:
        return partition::cancel_reallocation(partition) ? Status::success : Status::not_found;
    }
    return Status::parameter;
}

} // namespace transom::hcall
