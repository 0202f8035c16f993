// SPDX-License-Identifier: Apache-2.0
#include "identity_map.hpp"

#include "../common/hypercall.hpp"
#include "../common/page_table.hpp"
#include "../common/spr.hpp"

namespace writer {

namespace {

using namespace guest;

// Power ISA 2.07 Book III-S 5.7.6, 5.7.7: pages of 64 KiB, as Linux has them (L || LP of a segment, L and LP of an entry).
constexpr std::uint64_t segment_of_64_kib = 0x110, entry_l = 0x4, entry_lp = 0x1000;
constexpr Segment identity{
    .address = 0, .vsid = 0x123, .terabyte = true, .slb_bits = segment_of_64_kib, .page_shift = 16};

/// R and C on, as Linux enters what it is about to store to.
void enter(std::uint64_t address, std::uint64_t group_mask) {
    auto what = make_entry(identity, address, address);
    what.d0 |= entry_l;
    what.d1 |= entry_lp | entry::rc;
    const std::uint64_t group = hash_of(identity, address) & group_mask;
    if (hcall(call::enter, 0, group << 3, what.d0, what.d1).status != status::success)
        bail_out("H_ENTER refused a page of the memory");
}

} // namespace

void map_memory(const Machine& machine) {
    const std::uint64_t group_mask = (std::uint64_t{1} << (machine.table_shift - 7)) - 1;
    for (std::uint64_t address = 0; address < machine.memory; address += page_bytes)
        enter(address, group_mask);
    set_segment(identity, 0);
    write_msr(read_msr() | msr::dr);
}

} // namespace writer
