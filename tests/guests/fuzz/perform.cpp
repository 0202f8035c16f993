// SPDX-License-Identifier: Apache-2.0
#include "perform.hpp"

#include "../common/interrupt.hpp"
#include "../common/spr.hpp"
#include "digest.hpp"

namespace fuzz {

namespace {

namespace call = guest::call;
namespace entry = guest::entry;
namespace flag = guest::flag;

/// Outputs from r4 on that a successful call defines.
unsigned outputs(const Operation& op) {
    switch (op.token) {
    case call::read:
        return (op.a[0] & flag::read_4) != 0 ? 8 : 2;
    case call::remove:
        return 2;
    case call::enter:
    case call::clear_ref:
    case call::clear_mod:
        return 1;
    default:
        return 0;
    }
}

void set_amr(std::uint64_t value) {
    guest::write_spr<guest::spr::amr>(value);
    asm volatile("isync" ::: "memory");
}

constexpr std::uint64_t fetch_causes = 0x5820'0000, program_causes = 0x000f'0000;

} // namespace

Result Performer::perform(Operation& op) {
    if (op.kind == Kind::call)
        return call(op);
    if (op.kind != Kind::set_amr)
        return access(op.kind, op.a[0], op.a[1]);
    Result result;
    if (amr_ != op.a[0])
        scene_.set_segments(); // drops the translations that QEMU has cached with what the old keys allowed
    amr_ = op.a[0];
    result.add(amr_);
    return result;
}

void Performer::find_operands(Operation& op) const {
    if (op.token != call::bulk_remove) {
        op.a[2] |= guest::avpn_of(table_.read(op.a[1]).d0);
        return;
    }
    constexpr std::uint64_t conditions = std::uint64_t{3} << 56, avpn = std::uint64_t{2} << 56;
    for (unsigned i = 0; i < 8; i += 2)
        if ((op.a[i] & conditions) == avpn)
            op.a[i + 1] = guest::avpn_of(table_.read(op.a[i] & (avpn - 1) & ~(std::uint64_t{1} << 56)).d0);
}

/// 0 where the call's (first) slot maps no page of ours, or no access is wanted.
std::uint64_t Performer::page_around(const Operation& op) const {
    if (op.around == Kind::call)
        return 0;
    const std::uint64_t slot = op.token == call::bulk_remove ? op.a[0] & ((std::uint64_t{1} << 56) - 1) : op.a[1];
    const auto page = scene_.page_of(slot, table_.read(slot).d0);
    if (!page)
        return 0;
    return page->address + (op.around == Kind::fetch ? arena::trap : slot % (arena::trap / 8 - 1) * 8);
}

Result Performer::call(Operation& op) {
    op.around_at = page_around(op);
    if (op.around_at == 0)
        return call_alone(op);
    const auto before = access(op.around, op.around_at, op.a[1]);
    auto result = call_alone(op);
    result.add(before);
    result.add(access(op.around, op.around_at, ~op.a[1]));
    return result;
}

/// Two entries for one virtual page: which one serves an access is undefined, and is not to depend on what the processor has
/// cached of the one that was there before.
void Performer::forget_if_doubled(std::uint64_t slot, std::uint64_t d0) const {
    if ((d0 & entry::valid) == 0)
        return;
    const std::uint64_t group = slot / slots_per_group, other = ~group & (scene_.slots() / slots_per_group - 1);
    for (const auto each : {group, other}) {
        for (unsigned half = 0; half < 2; ++half) {
            const std::uint64_t first = each * slots_per_group + 4 * half;
            const auto answer = table_.call(call::read, {flag::read_4, first});
            for (unsigned i = 0; i < 4; ++i) {
                const auto there = answer.outputs[2 * i];
                if (first + i != slot && (there & entry::valid) != 0 && guest::avpn_of(there ^ d0) == 0)
                    return scene_.set_segments();
            }
        }
    }
}

Result Performer::call_alone(Operation& op) {
    if (op.operand_of_entry)
        find_operands(op);
    Result result;
    const auto answer = table_.call(op.token, op.a);
    result.add(static_cast<std::uint64_t>(answer.status));
    const bool success = answer.status == guest::status::success;
    const unsigned count = op.token == call::bulk_remove ? 8 : success ? outputs(op) : 0;
    for (unsigned i = 0; i < count; ++i)
        result.add(answer.outputs[i]);
    if (op.token != call::enter || !success)
        return result;
    if (!op.passing)
        forget_if_doubled(answer.r(4), op.a[2]);
    if ((op.a[0] & flag::zero_page) != 0) {
        const std::uint64_t size = (op.a[2] & entry::large) != 0 ? large_page : small_page;
        const std::uint64_t page = op.a[3] & entry::real_page & ~(size - 1);
        Digest contents;
        for (std::uint64_t at = page; at < page + size; at += 8)
            contents.add(*reinterpret_cast<const volatile std::uint64_t*>(at));
        result.add(contents.value());
        arena::plant_traps(page, size);
    }
    if (op.passing) {
        const auto removed = table_.call(call::remove, {0, answer.r(4)});
        result.add(static_cast<std::uint64_t>(removed.status));
        if (removed.status == guest::status::success) {
            result.add(removed.r(4));
            result.add(removed.r(5));
        }
    }
    return result;
}

// Translations that earlier accesses left in the processor are used: nothing but the calls invalidates them.
Result Performer::access(Kind kind, std::uint64_t address, std::uint64_t value) {
    using namespace guest::msr;
    // QEMU looks at a segment's N when it walks the table, not when it has the translation from an access to data.
    if (kind == Kind::fetch && scene_.forbids_fetch(address))
        scene_.set_segments();
    guest::Fault fault;
    std::uint64_t loaded = 0;
    set_amr(amr_);
    if (kind == Kind::load)
        fault = guest::guarded_load(address, loaded, dr);
    else if (kind == Kind::store)
        fault = guest::guarded_store(address, value, dr);
    else
        fault = guest::guarded_execute(address, sf | me | ir | dr | le, 0);
    set_amr(0);
    Result result;
    result.add(fault.vector);
    if (!fault.taken)
        result.add(loaded);
    else if (kind != Kind::fetch)
        result.add(fault.dar);
    // Else SRR0 and the cause: bits of SRR1 for a fetch and a program interrupt, DSISR for data, none for a segment.
    if (kind == Kind::fetch) {
        result.add(fault.srr0);
        result.add(fault.srr1 & (fault.vector == 0x700 ? program_causes : fault.vector == 0x400 ? fetch_causes : 0));
    } else if (fault.vector == 0x300) {
        result.add(fault.dsisr);
    }
    return result;
}

} // namespace fuzz
