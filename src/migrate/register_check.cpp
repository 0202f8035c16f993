// SPDX-License-Identifier: Apache-2.0
#include "register_check.hpp"
#include <algorithm>
#include <papr/hpt.hpp>
#include <transom/base/bits.hpp>
#include <transom/partition/msr.hpp>

namespace transom::migrate {

namespace {

namespace msr = partition::msr;
using partition::SlbEntry;
using partition::spr_index;

/// What a partition can have set. TM is of no use to it, but it can set it; TS it cannot, for want of the facility (HFSCR),
/// and an hrfid into a transaction that does not exist is a program interrupt of the hypervisor. ISA 3.0B Book III 3.3.1.
constexpr std::uint64_t possible_msr = msr::sf | msr::tm | msr::vec | msr::vsx | msr::ee | msr::pr | msr::fp | msr::me |
                                       msr::fe0 | msr::te | msr::fe1 | msr::ir | msr::dr | msr::pmm | msr::ri | msr::le;

// The words of slbmte, ISA 3.0B Book III 5.9.3.2.
constexpr std::uint64_t slb_valid = ibm_bit(36);
constexpr std::uint64_t slb_index = ibm_mask(52, 63);
constexpr std::uint64_t slb_e_reserved = ibm_mask(37, 51);
constexpr std::uint64_t slb_page_size = ibm_bit(55) | ibm_mask(58, 59);
constexpr std::uint64_t slb_v_reserved = ibm_bit(57) | ibm_mask(60, 63);

std::uint64_t segment_size(const SlbEntry& entry) { return ibm_field(entry.v, 0, 1); }

unsigned segment_shift(const SlbEntry& entry) {
    return shift(static_cast<papr::SegmentSize>(static_cast<std::uint8_t>(segment_size(entry))));
}

bool possible(const SlbEntry& entry, std::size_t index) {
    if ((entry.e & slb_valid) == 0)
        return entry.e == 0 && entry.v == 0;
    const std::uint64_t pages = entry.v & slb_page_size;
    return (entry.e & slb_e_reserved) == 0 && (entry.e & slb_index) == index && (entry.v & slb_v_reserved) == 0 &&
           segment_size(entry) <= static_cast<std::uint64_t>(papr::SegmentSize::tib_1) &&
           (pages == segment_encoding(papr::PageSize::kib_4) || pages == segment_encoding(papr::PageSize::kib_64) ||
            pages == segment_encoding(papr::PageSize::mib_16));
}

/// Two entries for one address are a machine check when it is used. Both are possible ones.
bool overlap(const SlbEntry& a, const SlbEntry& b) {
    if ((a.e & b.e & slb_valid) == 0)
        return false;
    const unsigned larger = std::max(segment_shift(a), segment_shift(b));
    return a.e >> larger == b.e >> larger;
}

} // namespace

std::expected<void, Failure> check_msr(std::uint32_t vcpu, std::uint64_t msr) {
    if ((msr & ~possible_msr) != 0)
        return std::unexpected(failure(MoveError::record_content,
                                       "MSR of vcpu {} has bits that a partition can not set: {:#x}", vcpu,
                                       msr & ~possible_msr));
    return {};
}

std::expected<void, Failure> check_slb(std::uint32_t vcpu, std::span<const SlbEntry> slb) {
    for (std::size_t i = 0; i < slb.size(); ++i) {
        if (!possible(slb[i], i))
            return std::unexpected(failure(MoveError::record_content, "SLB entry {} of vcpu {} can not be: {:#x} {:#x}",
                                           i, vcpu, slb[i].e, slb[i].v));
        for (std::size_t other = 0; other < i; ++other)
            if (overlap(slb[i], slb[other]))
                return std::unexpected(failure(MoveError::record_content,
                                               "SLB entries {} and {} of vcpu {} are for the same addresses", other, i,
                                               vcpu));
    }
    return {};
}

std::expected<void, Failure> check_spr(std::size_t index, std::uint64_t value, const MachineFacts& ours) {
    if (!partition::spr_list[index].is_on(ours.generation) && value != 0)
        return std::unexpected(failure(MoveError::record_content, "{} is not 0, and POWER{} has no such register",
                                       partition::spr_list[index].name, ours.generation));
    // The source's have it, though they are of the same generation.
    if (ours.absent_registers[index] && value != 0)
        return std::unexpected(failure(MoveError::registers,
                                       "registers: the partition uses {}, which the target's processors lack",
                                       partition::spr_list[index].name));
    // Values that would make a breakpoint match in the hypervisor (ISA 3.1 Book III 10.4: CIABR PRIV, DAWRX HYP), or that
    // belong to somebody else (a doorbell of another thread). Of the others each takes every value: what is reserved reads as
    // zero.
    if ((index == spr_index("CIABR") && (value & 3) == 3) ||
        ((index == spr_index("DAWRX0") || index == spr_index("DAWRX1")) && (value & 4) != 0) ||
        (value & ~partition::spr_list[index].kept) != 0)
        return std::unexpected(
            failure(MoveError::record_content, "{} has a value that it may not have", partition::spr_list[index].name));
    return {};
}

} // namespace transom::migrate
