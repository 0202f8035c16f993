// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <papr/hpt.hpp>
#include <transom/base/address.hpp>
#include <transom/hpt/attempt.hpp>
#include <transom/hpt/entry.hpp>

namespace transom::hpt {

using Gprs = std::array<std::uint64_t, 32>;

/// An entry that names a legal page: what H_ENTER and the migration stream bring, parsed. Bits that are the hypervisor's
/// are off.
struct NewEntry {
    papr::PageTableEntry entry;
    papr::PageSizes sizes;

    static Attempt<NewEntry> parse(papr::PageTableEntry raw);
    LogicalAddr page() const { return page_address(entry, sizes); }
};

/// LoPAR H_ENTER: flags, ptex, pteh, ptel. Flags without a meaning here are ignored, as QEMU does.
struct EnterArgs {
    papr::Ptex slot;
    bool exact = false;
    std::uint64_t page_work = 0; // what is to be done with the page before it is entered: papr::hpt_flag::page_work
    NewEntry what;

    /// Errors: page_size, virtual_page.
    static Attempt<EnterArgs> parse(const Gprs& gprs);
};

/// Which valid entries a call applies to. Both conditions hold where both are asked for.
struct Condition {
    std::uint64_t compared = 0; // bits of d0 that are as in `operand`: papr::d0::compared for the AVPN condition
    std::uint64_t operand = 0;
    std::uint64_t absent = 0; // bits of d0 that are off: the operand of ANDCOND

    static constexpr Condition avpn(std::uint64_t operand) { return {papr::d0::compared, operand, 0}; }
    static constexpr Condition andcond(std::uint64_t operand) { return {0, 0, operand}; }
    static Condition parse(std::uint64_t flags, std::uint64_t operand);
    constexpr bool met(std::uint64_t papr_d0) const {
        return (((papr_d0 ^ operand) & compared) | (papr_d0 & absent)) == 0;
    }
};

/// LoPAR H_REMOVE: flags, ptex, avpn.
struct RemoveArgs {
    papr::Ptex slot;
    Condition condition;
    static RemoveArgs parse(const Gprs& gprs);
};

/// LoPAR H_PROTECT: flags (AVPN condition, pp, N, key), ptex, avpn. ANDCOND is no flag of it and is ignored.
struct ProtectArgs {
    papr::Ptex slot;
    Condition condition;
    std::uint64_t protection = 0; // the bits of papr::d1::protection
    static ProtectArgs parse(const Gprs& gprs);
};

/// LoPAR H_READ: flags, ptex.
struct ReadArgs {
    papr::Ptex first;
    unsigned count = 1; // 1 or 4
    static ReadArgs parse(const Gprs& gprs);
};

/// LoPAR H_CLEAR_MOD and H_CLEAR_REF: flags, ptex.
struct ClearArgs {
    papr::Ptex slot;
    static ClearArgs parse(const Gprs& gprs) { return {{gprs[5]}}; }
};

// Here, because a call's instructions are counted.

[[gnu::always_inline]] inline Attempt<NewEntry> NewEntry::parse(papr::PageTableEntry raw) {
    raw.d0 &= ~papr::d0::hypervisor;
    raw.d1 &= ~papr::d1::reserved;
    if (!decode_segment_size(raw.d0))
        return std::unexpected(TableError::virtual_page);
    const auto sizes = decode_page_sizes(raw);
    if (!sizes)
        return std::unexpected(TableError::page_size);
    return NewEntry{raw, *sizes};
}

[[gnu::always_inline]] inline Attempt<EnterArgs> EnterArgs::parse(const Gprs& gprs) {
    namespace flag = papr::hpt_flag;
    const std::uint64_t flags = gprs[4];
    const auto what = NewEntry::parse({gprs[6], gprs[7]});
    if (!what)
        return std::unexpected(what.error());
    return EnterArgs{{gprs[5]}, (flags & flag::exact) != 0, flags & flag::page_work, *what};
}

inline Condition Condition::parse(std::uint64_t flags, std::uint64_t operand) {
    return {(flags & papr::hpt_flag::avpn) != 0 ? papr::d0::compared : 0, operand,
            (flags & papr::hpt_flag::andcond) != 0 ? operand : 0};
}

inline RemoveArgs RemoveArgs::parse(const Gprs& gprs) { return {{gprs[5]}, Condition::parse(gprs[4], gprs[6])}; }

inline ProtectArgs ProtectArgs::parse(const Gprs& gprs) {
    namespace flag = papr::hpt_flag;
    const std::uint64_t flags = gprs[4];
    const std::uint64_t protection = (flags & flag::pp0) << 55 | (flags & flag::key_high) << 48 |
                                     (flags & (flag::key_low | flag::no_execute | flag::pp));
    return {{gprs[5]}, Condition::parse(flags & ~flag::andcond, gprs[6]), protection};
}

inline ReadArgs ReadArgs::parse(const Gprs& gprs) {
    if ((gprs[4] & papr::hpt_flag::read_4) != 0)
        return {{gprs[5] & ~std::uint64_t{3}}, 4};
    return {{gprs[5]}, 1};
}

} // namespace transom::hpt
