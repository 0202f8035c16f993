// SPDX-License-Identifier: Apache-2.0
#include "perform.hpp"

#include "../common/interrupt.hpp"
#include "../common/spr.hpp"

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

/// No translation of an earlier state of the table may serve an access: two entries may have had the same virtual page, and
/// which one the processor then uses is undefined. Taking a segment out of the segment lookaside buffer drops what QEMU has
/// cached of all.
void flush(const guest::Segment& segment, unsigned index) {
    const std::uint64_t operand = segment.address | (segment.terabyte ? std::uint64_t{1} << 25 : 0);
    asm volatile("isync\n slbie %0\n isync" : : "r"(operand) : "memory");
    guest::set_segment(segment, index);
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
        return access(op);
    Result result;
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

Result Performer::call(Operation& op) {
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

Result Performer::access(const Operation& op) {
    using namespace guest::msr;
    if (op.segment < segment_count)
        flush(scene_.segment(op.segment), op.segment + 1);
    guest::Fault fault;
    std::uint64_t loaded = 0;
    set_amr(amr_);
    if (op.kind == Kind::load)
        fault = guest::guarded_load(op.a[0], loaded, dr);
    else if (op.kind == Kind::store)
        fault = guest::guarded_store(op.a[0], op.a[1], dr);
    else
        fault = guest::guarded_execute(op.a[0], sf | me | ir | dr | le, 0);
    set_amr(0);
    Result result;
    result.add(fault.vector);
    if (!fault.taken)
        result.add(loaded);
    else if (op.kind != Kind::fetch)
        result.add(fault.dar);
    // Else SRR0 and the cause: bits of SRR1 for a fetch and a program interrupt, DSISR for data, none for a segment.
    if (op.kind == Kind::fetch) {
        result.add(fault.srr0);
        result.add(fault.srr1 & (fault.vector == 0x700 ? program_causes : fault.vector == 0x400 ? fetch_causes : 0));
    } else if (fault.vector == 0x300) {
        result.add(fault.dsisr);
    }
    return result;
}

} // namespace fuzz
