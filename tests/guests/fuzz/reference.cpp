// SPDX-License-Identifier: Apache-2.0
#include "reference.hpp"

#include "../common/spr.hpp"
#include "scene.hpp"

#include <cstring>

namespace fuzz {

using guest::Answer;
using guest::hcall;
namespace call = guest::call;
namespace entry = guest::entry;
namespace flag = guest::flag;
namespace status = guest::status;

namespace {

constexpr std::uint64_t reserved_1 = std::uint64_t{1} << 62; // bit 1 of doubleword 1
constexpr std::uint64_t below_avpn = 0x7f;

Answer plain(std::uint64_t token, const Arguments& a) {
    return hcall(token, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
}

Answer failed(std::int64_t code) { return {.status = code}; }

} // namespace

PageTable::PageTable(const guest::Machine& machine)
    : reference_(machine.tree->text("/", "model") == "IBM pSeries (emulated by qemu)"), memory_(machine.memory) {
    const auto version = guest::read_spr<guest::spr::pvr>() >> 16;
    virtual_address_of_68_bits_ = version == 0x4e || version == 0x80; // POWER9, POWER10
}

Answer PageTable::call(std::uint64_t token, const Arguments& a) const {
    if (!reference_)
        return plain(token, a);
    switch (token) {
    case call::enter:
        return enter(a);
    case call::remove:
        return remove(a);
    case call::read:
        return read_call(a);
    case call::protect:
        return protect(a);
    case call::bulk_remove:
        return bulk_remove(a);
    case call::clear_ref:
        return clear(a, entry::r);
    case call::clear_mod:
        return clear(a, entry::c);
    default:
        return plain(token, a);
    }
}

guest::Entry PageTable::read(std::uint64_t slot) const {
    const auto answer = hcall(call::read, 0, slot);
    if (answer.status != status::success)
        return {};
    return {answer.r(4) & ~entry::hypervisor_0, answer.r(5)};
}

// docs/hcalls/h_enter.md lists each of these.
Answer PageTable::enter(const Arguments& a) const {
    const auto flags = a[0], d0 = a[2];
    auto d1 = a[3];
    const bool large = (d0 & entry::large) != 0;
    // A reserved segment size: QEMU accepts it.
    if (d0 >> 63 != 0)
        return failed(status::parameter);
    // A virtual address that the entries of POWER9 and 10 cannot hold: QEMU's pseries keeps the older format.
    if (virtual_address_of_68_bits_ && (d0 & 0x3ff0'0000'0000'0000) != 0)
        return failed(status::parameter);
    // What is not memory: QEMU enters it with WIMG = 01xx.
    if ((d1 & entry::real_page) >= memory_)
        return failed(status::parameter);
    // Bit 1 of doubleword 1: QEMU stores it.
    d1 &= ~reserved_1;
    if (is_huge(d0, d1) && (flags & (flag::zero_page | flag::icache)) != 0)
        return enter_with_too_much_work(flags, a[1], d0, d1);
    const auto answer = hcall(call::enter, flags, a[1], d0, d1);
    // Zero Page: QEMU ignores it.
    if (answer.status == status::success && (flags & flag::zero_page) != 0) {
        const std::uint64_t size = large ? large_page : small_page;
        std::memset(reinterpret_cast<void*>(d1 & entry::real_page & ~(size - 1)), 0, size);
    }
    return answer;
}

// Work on a page over 64 KiB: QEMU ignores the flags (differences.json: large_page.work_on_the_page). What else is wrong with
// the entry or the slot comes first, a group without room after it. To know, it is entered,
// valid so that it can be removed, and what it replaced is put back.
Answer PageTable::enter_with_too_much_work(std::uint64_t flags, std::uint64_t slot, std::uint64_t d0,
                                           std::uint64_t d1) const {
    std::array<guest::Entry, slots_per_group> before;
    for (std::uint64_t i = 0; i < slots_per_group; ++i)
        before[i] = read((slot & ~(slots_per_group - 1)) + i);
    const auto answer = hcall(call::enter, flags, slot, d0 | entry::valid, d1);
    if (answer.status == status::success) {
        const auto entered = answer.r(4);
        const auto& previous = before[entered % slots_per_group];
        hcall(call::remove, 0, entered, 0);
        if ((previous.d0 | previous.d1) != 0)
            hcall(call::enter, flag::exact, entered, previous.d0, previous.d1);
    } else if (answer.status != status::pteg_full) {
        return answer;
    }
    return failed(status::too_big);
}

// QEMU compares bits 57 to 63 of an AVPN operand, too, and looks at a bit of its own, always on, under ANDCOND
// (docs/hcalls/h_remove.md).
void PageTable::adapt_condition(std::uint64_t slot, bool& avpn, bool& andcond, std::uint64_t& operand) const {
    if (avpn && andcond) {
        // Both can be met only by an AVPN of zeros; then ANDCOND alone is left to ask for. Otherwise an AVPN that no entry
        // has, because it has the reserved segment size.
        if ((operand & ~below_avpn) == 0 && guest::avpn_of(read(slot).d0) == 0) {
            avpn = false;
        } else {
            andcond = false;
            operand = ~below_avpn;
        }
    }
    if (avpn)
        operand &= ~below_avpn;
    else if (andcond)
        operand &= ~entry::hypervisor_0;
}

Answer PageTable::remove(const Arguments& a) const {
    bool avpn = (a[0] & flag::avpn) != 0, andcond = (a[0] & flag::andcond) != 0;
    auto operand = a[2];
    adapt_condition(a[1], avpn, andcond, operand);
    const auto flags = (a[0] & ~(flag::avpn | flag::andcond)) | (avpn ? flag::avpn : 0) | (andcond ? flag::andcond : 0);
    auto answer = hcall(call::remove, flags, a[1], operand);
    // Bit 57 of doubleword 0 is QEMU's own.
    answer.outputs[0] &= ~entry::hypervisor_0;
    return answer;
}

Answer PageTable::read_call(const Arguments& a) const {
    auto answer = plain(call::read, a);
    // Bit 57 of doubleword 0 is QEMU's own.
    for (unsigned i = 0; i < 8; i += 2)
        answer.outputs[i] &= ~entry::hypervisor_0;
    return answer;
}

Answer PageTable::protect(const Arguments& a) const {
    // As for H_REMOVE.
    return hcall(call::protect, a[0], a[1], a[2] & ~below_avpn);
}

Answer PageTable::bulk_remove(const Arguments& a) const {
    constexpr std::uint64_t avpn_bit = std::uint64_t{2} << 56, andcond_bit = std::uint64_t{1} << 56;
    auto asked = a;
    for (unsigned i = 0; i < 8; i += 2) {
        // As for H_REMOVE; both together is an error of the request.
        if ((asked[i] & avpn_bit) != 0 && (asked[i] & andcond_bit) == 0)
            asked[i + 1] &= ~below_avpn;
        else if ((asked[i] & andcond_bit) != 0)
            asked[i + 1] &= ~entry::hypervisor_0;
    }
    auto answer = plain(call::bulk_remove, asked);
    for (unsigned i = 0; i < 8; i += 2) {
        answer.outputs[i + 1] = a[i + 1];
        const bool removed = answer.outputs[i] >> 60 == 8 && a[i] >> 62 == 1;
        // R and C of the response are eight bits too low (differences.json: bulk_remove.answers_rc).
        const std::uint64_t low = answer.outputs[i] & entry::rc << 43;
        if (removed)
            answer.outputs[i] = (answer.outputs[i] & ~(entry::rc << 43)) | low << 8;
    }
    return answer;
}

// QEMU has neither H_CLEAR_REF nor H_CLEAR_MOD (differences.json: clear_ref.clears): the entry is taken out and put back.
Answer PageTable::clear(const Arguments& a, std::uint64_t bit) const {
    const auto read = hcall(call::read, 0, a[1]);
    if (read.status != status::success)
        return failed(read.status);
    if ((read.r(4) & entry::valid) == 0)
        return failed(status::not_found);
    auto removed = hcall(call::remove, 0, a[1], 0);
    hcall(call::enter, flag::exact, a[1], removed.r(4), removed.r(5) & ~bit);
    removed.outputs[0] = removed.outputs[1];
    return removed;
}

} // namespace fuzz
