// SPDX-License-Identifier: Apache-2.0
#include "call_check.hpp"
#include "entry_check.hpp"
#include <algorithm>
#include <fmt/format.h>
#include <transom/partition/msr.hpp>

namespace transom::hcall_fuzz {
namespace {

using hcall::Then;
using papr::Op;
using partition::Registers;
using partition::Vcpu;

constexpr Bytes near = kib(4); // how deep into foreign memory each call is followed

bool is_canary(std::uint64_t value) {
    return value == canary || value == (canary >> 32) || value == (canary & 0xffffffff);
}

/// Special purpose registers that a call is for.
std::span<const std::size_t> sprs_written_by(Op op) {
    using partition::spr_index;
    static constexpr std::size_t sprg0[] = {spr_index("SPRG0")};
    static constexpr std::size_t breakpoints[] = {spr_index("CIABR"), spr_index("DAWR0"), spr_index("DAWRX0"),
                                                  spr_index("DAWR1"), spr_index("DAWRX1")};
    switch (op) {
    case Op::set_sprg0:
        return sprg0;
    case Op::set_dabr:
    case Op::set_xdabr:
    case Op::set_mode:
        return breakpoints;
    default:
        return {};
    }
}

/// What differs besides gpr, nip, msr and spr; null where nothing does.
const char* differing(const Registers& a, const Registers& b) {
    if (a.cr != b.cr || a.lr != b.lr || a.ctr != b.ctr || a.xer != b.xer)
        return "cr, lr, ctr or xer";
    if (a.vsr != b.vsr || a.fpscr != b.fpscr || a.vscr != b.vscr)
        return "a floating point or vector register";
    const auto same = [](const partition::SlbEntry& x, const partition::SlbEntry& y) {
        return x.e == y.e && x.v == y.v;
    };
    return std::equal(a.slb.begin(), a.slb.end(), b.slb.begin(), same) ? nullptr : "the SLB";
}

bool is_cleared(const Scene& scene) {
    for (std::uint64_t i = 0; i < slots; ++i)
        if (const SlotWords words = scene.slot(i); words.used() && !is_own(words))
            return false;
    return true;
}

} // namespace

const hcall::Row* row_named(std::uint64_t token) {
    for (const hcall::Row& row : hcall::rows())
        if (static_cast<std::uint64_t>(row.op) == token)
            return &row;
    return nullptr;
}

// LoPAR "Hypervisor call return codes"; H_UNSUPPORTED_FLAG has one for each bit of the flags.
bool is_status(std::int64_t answer) {
    using enum papr::Status;
    constexpr papr::Status all[] = {
        success,
        busy,
        closed,
        not_available,
        constrained,
        partial,
        in_progress,
        page_registered,
        partial_store,
        pending,
        continue_,
        long_busy_1_ms,
        long_busy_10_ms,
        long_busy_100_ms,
        hardware,
        function,
        privilege,
        parameter,
        bad_mode,
        pteg_full,
        not_found,
        reserved_dabr,
        no_memory,
        authority,
        permission,
        dropped,
        resource,
        rescinded,
        p2,
        p3,
        p4,
        p5,
        noop,
        too_big,
        state,
    };
    if (answer <= -256 && answer > -256 - 64)
        return true;
    return std::ranges::find(all, static_cast<papr::Status>(answer)) != std::end(all);
}

CallCheck::CallCheck(Scene& scene, Vcpu& caller)
    : scene_(scene), caller_(caller), problem_state_((caller.registers.msr & partition::msr::pr) != 0),
      row_(problem_state_ ? nullptr : row_named(caller.registers.gpr[3])),
      flushes_before_(scene.machine().flushes_.size()), counters_(scene.partition().calls()) {
    if (row_ != nullptr)
        outputs_ = row_->shape.outputs;
    for (std::size_t i = 0; i < registers_.size(); ++i)
        registers_[i] = scene.partition().vcpus[i].registers;
}

std::string CallCheck::wrong_answer(hcall::Outcome outcome) const {
    const auto answer = static_cast<std::int64_t>(caller_.registers.gpr[3]);
    if (outcome.then == Then::missing) {
        if (!scene_.missing_injected)
            return "a page is missing, and all are there";
        if (problem_state_ || row_ == nullptr)
            return "a page is missing for what is no call";
        return {};
    }
    if (outcome.then != Then::resume && outcome.then != Then::yield)
        return "the outcome is none that there is";
    if (answer != static_cast<std::int64_t>(outcome.status))
        return "r3 is not the status";
    if (!is_status(answer))
        return "the status is none of LoPAR's";
    if (problem_state_ && outcome.status != papr::Status::privilege)
        return "a call from problem state was answered";
    if (!problem_state_ && row_ == nullptr && outcome.status != papr::Status::function)
        return "what is no call was answered";
    if (outcome.then == Then::resume && caller_.state != partition::VcpuState::ready)
        return "a processor goes on that waits";
    return {};
}

std::string CallCheck::wrong_counters(hcall::Outcome outcome) const {
    hcall::Counters expected = counters_;
    if (problem_state_)
        ++expected.problem_state;
    else if (outcome.then != Then::missing)
        ++expected.by_row[row_ == nullptr ? hcall::unknown_row : static_cast<std::size_t>(row_ - hcall::rows().data())];
    const hcall::Counters now = scene_.partition().calls();
    if (now.problem_state != expected.problem_state)
        return fmt::format("calls from problem state: {} were counted and {} made", now.problem_state,
                           expected.problem_state);
    for (std::size_t i = 0; i < now.by_row.size(); ++i)
        if (now.by_row[i] != expected.by_row[i])
            return fmt::format("calls of row {}: {} were counted and {} made", i, now.by_row[i], expected.by_row[i]);
    return {};
}

std::string CallCheck::wrong_registers(hcall::Outcome outcome) const {
    const bool missing = outcome.then == Then::missing;
    const Registers& before = registers_[caller_.index];
    const Registers& now = caller_.registers;
    const std::size_t written = missing ? 0 : outputs_;
    for (std::size_t i = 0; i < now.gpr.size(); ++i)
        if (now.gpr[i] != before.gpr[i] && !(i == 3 && !missing) && !(i >= 4 && i < 4 + written))
            return fmt::format("r{} changed, which is no output", i);
    if (now.nip != before.nip - (missing ? 4 : 0))
        return "the next instruction is another";
    const std::uint64_t set = row_ != nullptr && row_->op == Op::cede && !missing ? partition::msr::ee : 0;
    if ((now.msr | set) != (before.msr | set))
        return "the MSR changed";
    const auto may_be_written = row_ == nullptr || missing ? std::span<const std::size_t>{} : sprs_written_by(row_->op);
    for (std::size_t i = 0; i < now.spr.size(); ++i)
        if (now.spr[i] != before.spr[i] && std::ranges::find(may_be_written, i) == may_be_written.end())
            return fmt::format("special purpose register {} changed", partition::spr_list[i].name);
    const char* const other = differing(now, before);
    return other == nullptr ? std::string{} : fmt::format("{} changed", other);
}

// RTAS start-cpu sets those of the processor that it starts.
std::string CallCheck::wrong_registers_of_others() const {
    if (row_ != nullptr && row_->op == Op::rtas)
        return {};
    for (std::size_t i = 0; i < registers_.size(); ++i) {
        const Registers& before = registers_[i];
        const Registers& now = scene_.partition().vcpus[i].registers;
        if (i != caller_.index && (now.gpr != before.gpr || now.nip != before.nip || now.msr != before.msr ||
                                   now.spr != before.spr || differing(now, before) != nullptr))
            return fmt::format("a register of processor {} changed", i);
    }
    return {};
}

/// Nothing of foreign memory, and no real address, comes out.
std::string CallCheck::leak() const {
    const auto& before = registers_[caller_.index].gpr;
    const auto& now = caller_.registers.gpr;
    for (std::size_t i = 0; i < now.size(); ++i)
        if (now[i] != before[i] && is_canary(now[i]))
            return fmt::format("r{} has what was in foreign memory", i);
    if (const std::uint64_t* place = scene_.damaged(near))
        return fmt::format("foreign memory was written at real address {:#x}", scene_.real(place).value);
    if (row_ == nullptr || now[3] != 0)
        return {};
    const auto names_foreign = [&](std::size_t i) { return (now[i] & papr::d1::page_number) >= memory_size; };
    const bool clears = row_->op == Op::clear_mod || row_->op == Op::clear_ref;
    if ((clears && names_foreign(4)) || (row_->op == Op::remove && names_foreign(5)))
        return "an entry was given out with a page number that is not the partition's";
    if (row_->op == Op::read)
        for (std::size_t i = 5; i < 4u + outputs_; i += 2)
            if (now[i] != before[i] && names_foreign(i))
                return "an entry was read with a page number that is not the partition's";
    return {};
}

std::string CallCheck::broken_by(hcall::Outcome outcome) const {
    const auto& before = registers_[caller_.index].gpr;
    const TableScope scope = row_ == nullptr ? TableScope{} : scope_of(row_->op, before);
    if (auto wrong = wrong_answer(outcome); !wrong.empty())
        return wrong;
    if (auto wrong = wrong_counters(outcome); !wrong.empty())
        return wrong;
    if (auto wrong = wrong_registers(outcome); !wrong.empty())
        return wrong;
    if (auto wrong = wrong_registers_of_others(); !wrong.empty())
        return wrong;
    if (auto wrong = check_table(scene_, scope, flushes_before_); !wrong.empty())
        return wrong;
    if (row_ != nullptr && row_->op == Op::clear_hpt && outcome.then == Then::resume &&
        outcome.status == papr::Status::success && !is_cleared(scene_))
        return "the cleared table is not empty";
    return leak();
}

} // namespace transom::hcall_fuzz
