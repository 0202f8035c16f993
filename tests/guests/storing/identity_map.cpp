// SPDX-License-Identifier: Apache-2.0
#include "identity_map.hpp"

#include "../common/hypercall.hpp"
#include "../common/processors.hpp"
#include "../common/spr.hpp"

namespace storing {

namespace {

using namespace guest;

// Power ISA 2.07 Book III-S 5.7.6, 5.7.7: pages of 64 KiB, as Linux has them (L || LP of a segment, L and LP of an entry).
constexpr std::uint64_t segment_of_64_kib = 0x110, entry_l = 0x4, entry_lp = 0x1000;
constexpr Segment identity{.address = 0, .vsid = 0x123, .slb_bits = segment_of_64_kib, .page_shift = 16};
constexpr std::uint64_t most_blocks = 4096; // a segment has so many

struct Mapping {
    std::uint64_t slot = 0;
    Usage usage;
};
std::array<Mapping, most_blocks> mappings;
std::uint64_t group_mask = 0;

Entry entry_of(std::uint64_t index) {
    auto what = make_entry(identity, index * block_bytes, index * block_bytes);
    what.d0 |= entry_l;
    what.d1 |= entry_lp;
    return what;
}

void enter(std::uint64_t index, std::uint64_t usage) {
    auto what = entry_of(index);
    what.d1 |= usage;
    const std::uint64_t group = hash_of(identity, index * block_bytes) & group_mask;
    const auto answer = hcall(call::enter, 0, group << 3, what.d0, what.d1);
    Tally::count(tally().calls);
    if (answer.status != status::success)
        bail_out("H_ENTER refused a block of the memory");
    mappings[index].slot = answer.r(4);
    mappings[index].usage.begin(usage);
}

} // namespace

void map_memory(const Machine& machine, std::uint64_t begin, std::uint64_t end) {
    group_mask = (std::uint64_t{1} << (machine.table_shift - 7)) - 1;
    for (std::uint64_t index = 0; index < machine.memory / block_bytes && index < most_blocks; ++index) {
        const bool free = index * block_bytes >= begin && index * block_bytes < end;
        enter(index, free ? 0 : entry::rc);
    }
}

void turn_translation_on() {
    set_segment(identity, 0);
    write_msr(read_msr() | msr::dr);
}

void Block::look(std::uint64_t choice) {
    Mapping& mapping = mappings[index_];
    auto& usage = mapping.usage;
    const std::uint64_t slot = mapping.slot;
    const auto call = [&](std::string_view name, const Answer& answer) {
        Tally::count(tally().calls);
        expect(name, slot, static_cast<std::uint64_t>(answer.status), status::success);
        return answer;
    };
    usage.look("H_READ of a block", slot, call("H_READ", hcall(call::read, 0, slot)).r(5));
    switch (choice % 8) {
    case 0:
        usage.look("H_CLEAR_MOD of a block", slot, call("H_CLEAR_MOD", hcall(call::clear_mod, 0, slot)).r(4));
        usage.clear(entry::c);
        break;
    case 1:
        usage.look("H_CLEAR_REF of a block", slot, call("H_CLEAR_REF", hcall(call::clear_ref, 0, slot)).r(4));
        usage.clear(entry::r);
        break;
    case 2:
        call("H_PROTECT", hcall(call::protect, entry::pp_read_only, slot, 0));
        usage.look("H_READ of a protected block", slot, call("H_READ", hcall(call::read, 0, slot)).r(5));
        call("H_PROTECT", hcall(call::protect, entry::pp_both, slot, 0));
        break;
    case 3:
        usage.look("H_REMOVE of a block", slot, call("H_REMOVE", hcall(call::remove, 0, slot, 0)).r(5));
        enter(index_, choice & 8 ? entry::r : 0);
        break;
    default:
        break;
    }
}

void Block::stored() { mappings[index_].usage.store(); }

} // namespace storing
