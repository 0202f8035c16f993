// SPDX-License-Identifier: Apache-2.0
#include "crowd.hpp"

namespace conform {

std::array<Shared, crowd_slots> crowd_owner;

namespace {

/// A processor's entries have VSIDs of its own. The real page follows from the virtual one, so that halves of two entries do not
/// pass for one.
constexpr std::uint64_t first_vsid = 0x500;

std::uint64_t real_page_for(std::uint64_t d0) {
    return reinterpret_cast<std::uint64_t>(scratch(static_cast<unsigned>(guest::mix(avpn_of(d0)) % 16)));
}

std::uint64_t request_for(std::uint64_t slot) {
    return std::uint64_t{0x42} << 56 | (crowd_first_slot + slot); // absolute with AVPN
}

/// But for R, which H_PROTECT may set.
bool same(const Entry& seen, const Entry& expected) {
    return (seen.d0 & ~entry::hypervisor_0) == expected.d0 && ((seen.d1 ^ expected.d1) & ~entry::r) == 0;
}

constexpr std::uint64_t end_of_requests = std::uint64_t{0xc0} << 56;

} // namespace

Entry CrowdMember::any_entry() {
    const Segment segment = plain_segment(first_vsid + 16 * number_ + random_.below(16));
    auto what = make_entry(segment, segment.address + random_.below(8) * 0x80'0000, 0);
    what.d1 |= real_page_for(what.d0);
    return what;
}

std::uint64_t CrowdMember::own() const {
    std::uint64_t count = 0;
    for (const auto& one : table_)
        count += one.d0 != 0;
    return count;
}

void CrowdMember::step() {
    switch (random_.below(8)) {
    case 0:
    case 1:
        return enter_one(false);
    case 2:
        return enter_one(true);
    case 3:
        return remove_one();
    case 4:
        return remove_two();
    case 5:
        return protect_one();
    case 6:
        return read_four();
    default:
        return read_one();
    }
}

void CrowdMember::enter_one(bool exact) {
    const auto slot = random_.below(crowd_slots);
    const auto what = any_entry();
    const auto answer = guest::hcall(call::enter, exact ? flag::exact : 0, crowd_first_slot + slot, what.d0, what.d1);
    if (answer.status != status::success) {
        findings_.statuses += answer.status != status::pteg_full;
        return;
    }
    const auto got = answer.r(4) - crowd_first_slot;
    if (exact ? got != slot : got / 8 != slot / 8) {
        ++findings_.statuses;
        return;
    }
    findings_.taken_twice += crowd_owner[got].exchange(number_ + 1) != 0;
    findings_.taken_twice += table_[got].d0 != 0;
    table_[got] = what;
    ++findings_.entered;
}

void CrowdMember::check_removed(std::uint64_t slot, const Entry& seen) {
    findings_.lost += !same(seen, table_[slot]);
    table_[slot] = {};
    ++findings_.removed;
}

/// Its own, or one that is not: then the AVPN does not fit.
void CrowdMember::remove_one() {
    const auto slot = random_.below(crowd_slots);
    const bool is_own = table_[slot].d0 != 0;
    if (is_own)
        crowd_owner[slot] = 0;
    const auto avpn = avpn_of(is_own ? table_[slot].d0 : any_entry().d0);
    const auto answer = guest::hcall(call::remove, flag::avpn, crowd_first_slot + slot, avpn);
    findings_.statuses += answer.status != (is_own ? status::success : status::not_found);
    if (is_own && answer.status == status::success)
        check_removed(slot, {answer.r(4), answer.r(5)});
}

void CrowdMember::remove_two() {
    const std::array slots = {random_.below(crowd_slots), random_.below(crowd_slots)};
    if (slots[0] == slots[1])
        return;
    std::array<std::uint64_t, 2> avpn{};
    for (unsigned i = 0; i < 2; ++i) {
        const bool is_own = table_[slots[i]].d0 != 0;
        if (is_own)
            crowd_owner[slots[i]] = 0;
        avpn[i] = avpn_of(is_own ? table_[slots[i]].d0 : any_entry().d0);
    }
    const auto answer = guest::hcall(call::bulk_remove, request_for(slots[0]), avpn[0], request_for(slots[1]), avpn[1],
                                     end_of_requests, 0, 0, 0);
    findings_.statuses += answer.status != status::success;
    for (unsigned i = 0; i < 2; ++i) {
        const bool is_own = table_[slots[i]].d0 != 0;
        const auto code = answer.r(4 + 2 * i) >> 60;
        findings_.statuses += code != (is_own ? 8 : 9);
        findings_.removed += is_own;
        table_[slots[i]] = {};
    }
}

void CrowdMember::protect_one() {
    const auto slot = random_.below(crowd_slots);
    const bool is_own = table_[slot].d0 != 0;
    const auto protection = random_.next() & 0xe07;
    const auto avpn = avpn_of(is_own ? table_[slot].d0 : any_entry().d0);
    const auto answer = guest::hcall(call::protect, flag::avpn | protection, crowd_first_slot + slot, avpn);
    findings_.statuses += answer.status != (is_own ? status::success : status::not_found);
    if (is_own)
        table_[slot].d1 = (table_[slot].d1 & ~std::uint64_t{0xe07}) | protection;
}

void CrowdMember::check_read(std::uint64_t slot, const Entry& seen) {
    const auto d0 = seen.d0 & ~entry::hypervisor_0;
    if (table_[slot].d0 != 0)
        findings_.lost += !same(seen, table_[slot]);
    else if ((d0 & entry::valid) != 0)
        findings_.torn += (seen.d1 & entry::real_page) != real_page_for(d0);
}

void CrowdMember::read_one() {
    const auto slot = random_.below(crowd_slots);
    const auto answer = guest::hcall(call::read, 0, crowd_first_slot + slot);
    findings_.statuses += answer.status != status::success;
    check_read(slot, {answer.r(4), answer.r(5)});
}

void CrowdMember::read_four() {
    const auto first = random_.below(crowd_slots) & ~std::uint64_t{3};
    const auto answer = guest::hcall(call::read, flag::read_4, crowd_first_slot + first);
    findings_.statuses += answer.status != status::success;
    for (unsigned i = 0; i < 4; ++i)
        check_read(first + i, {answer.r(4 + 2 * i), answer.r(5 + 2 * i)});
}

void CrowdMember::leave() {
    for (std::uint64_t slot = 0; slot < crowd_slots; ++slot)
        if (table_[slot].d0 != 0) {
            crowd_owner[slot] = 0;
            const auto answer = guest::hcall(call::remove, 0, crowd_first_slot + slot, 0);
            check_removed(slot, {answer.r(4), answer.r(5)});
        }
}

} // namespace conform
