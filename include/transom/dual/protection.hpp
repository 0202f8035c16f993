// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <papr/hpt.hpp>
#include <transom/hpt/hash.hpp>

namespace transom::dual {

enum class AccessKind : std::uint8_t { load, store, fetch };

/// An access of a partition, as its segment and its registers make it.
struct Access {
    hpt::SegmentOffset place;
    papr::PageSize base = papr::PageSize::kib_4; // of the segment
    AccessKind kind = AccessKind::load;
    bool key = false;                // Ks or Kp of the segment, whichever MSR[PR] chooses
    bool segment_no_execute = false; // N of the segment
    std::uint64_t amr = 0;
    std::uint64_t iamr = 0;
};

/// Why an access fails: bits of DSISR, or for a fetch of SRR1. Power ISA 3.0B Book III 6.5.3 and 6.5.5.
namespace cause {
constexpr std::uint64_t no_entry = 0x40000000;   // 33
constexpr std::uint64_t no_execute = 0x10000000; // 35, of a fetch
constexpr std::uint64_t protection = 0x08000000; // 36
constexpr std::uint64_t store = 0x02000000;      // 38, beside the others
constexpr std::uint64_t key = 0x00200000;        // 42
} // namespace cause

namespace protection_detail {

/// PP0 and PP as one number.
constexpr unsigned pp_of(std::uint64_t d1) {
    return static_cast<unsigned>((d1 & papr::d1::pp0) >> 61 | (d1 & papr::d1::pp));
}
// Power ISA 3.0B Book III 5.7.11.5: bit n of a mask is the PP value n.
constexpr unsigned readable[2] = {0b01001111, 0b00001110}; // by key
constexpr unsigned writable[2] = {0b00000111, 0b00000100};
constexpr std::uint64_t guarded = 0x8; // G, the last of WIMG

} // namespace protection_detail

/// Whether an entry lets anybody store.
constexpr bool permits_store(std::uint64_t d1) {
    return (protection_detail::writable[0] >> protection_detail::pp_of(d1) & 1) != 0;
}

/// The same d1 without stores: who could read can, and nobody else.
constexpr std::uint64_t without_store(std::uint64_t d1) {
    switch (protection_detail::pp_of(d1)) {
    case 0b000: // for key 1 nothing
        return (d1 & ~papr::d1::pp) | papr::d1::pp0 | 0b10;
    case 0b001:
    case 0b010:
        return d1 | 0b11;
    default:
        return d1;
    }
}

/// 0 where an entry permits the access; else the cause of the interrupt. Power ISA 3.0B Book III 6.5.3, 6.5.5: where several apply, any of
/// them may be said. Here as QEMU's processors do: no-execute and guarded (no entry of ours is that: H_ENTER takes ordinary memory
/// only) before PP, the storage key in any case; a segment's N before anything of an entry.
constexpr std::uint64_t refusal(const Access& access, std::uint64_t d1) {
    using namespace protection_detail;
    const bool fetch = access.kind == AccessKind::fetch, store = access.kind == AccessKind::store;
    if (fetch && access.segment_no_execute)
        return cause::no_execute;
    std::uint64_t refused = 0;
    const unsigned permitted = (store ? writable : readable)[access.key ? 1 : 0];
    if (fetch && (d1 & (papr::d1::no_execute | guarded)) != 0)
        refused |= cause::no_execute;
    else if ((permitted >> pp_of(d1) & 1) == 0)
        refused |= cause::protection;
    // Two bits for each of 32 keys, from the left: no store, no load; IAMR: the second, no fetch.
    const auto key = static_cast<unsigned>((d1 & papr::d1::key_high) >> 57 | (d1 & papr::d1::key_low) >> 9);
    const std::uint64_t mask = (fetch ? access.iamr : access.amr) >> (62 - 2 * key);
    if ((mask & (store ? 0b10 : 0b01)) != 0)
        refused |= cause::key;
    return refused != 0 && store ? refused | cause::store : refused;
}

/// The cause where there is no entry at all.
constexpr std::uint64_t absence(const Access& access) {
    if (access.kind == AccessKind::fetch && access.segment_no_execute)
        return cause::no_execute;
    return cause::no_entry | (access.kind == AccessKind::store ? cause::store : 0);
}

} // namespace transom::dual
