// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <papr/hpt.hpp>
#include <transom/base/address.hpp>
#include <transom/hpt/error.hpp>

namespace transom::hpt {

using Gprs = std::array<std::uint64_t, 32>;

/// An entry that names a legal page: what H_ENTER and the migration stream bring, parsed. Bits that are the hypervisor's
/// are off.
struct NewEntry {
    papr::PageTableEntry entry;
    papr::PageSizes sizes;

    static std::expected<NewEntry, TableError> parse(papr::PageTableEntry raw);
    LogicalAddr page() const;
};

/// LoPAR H_ENTER: flags, ptex, pteh, ptel. Flags without a meaning here are ignored, as QEMU does.
struct EnterArgs {
    papr::Ptex slot;
    bool exact = false;
    std::uint64_t page_work = 0; // what is to be done with the page before it is entered: papr::hpt_flag::page_work
    NewEntry what;

    /// Errors: page_size, virtual_page.
    static std::expected<EnterArgs, TableError> parse(const Gprs& gprs);
};

/// Which valid entries a call applies to. Both conditions hold where both are asked for.
struct Condition {
    bool avpn = false;    // bits 0-56 of d0 equal those of `operand`
    bool andcond = false; // d0 and `operand` have no bit in common
    std::uint64_t operand = 0;

    static Condition parse(std::uint64_t flags, std::uint64_t operand);
    constexpr bool met(std::uint64_t papr_d0) const {
        return (!avpn || ((papr_d0 ^ operand) & papr::d0::compared) == 0) && (!andcond || (papr_d0 & operand) == 0);
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

inline Condition Condition::parse(std::uint64_t flags, std::uint64_t operand) {
    return {(flags & papr::hpt_flag::avpn) != 0, (flags & papr::hpt_flag::andcond) != 0, operand};
}

inline RemoveArgs RemoveArgs::parse(const Gprs& gprs) { return {{gprs[5]}, Condition::parse(gprs[4], gprs[6])}; }

inline ProtectArgs ProtectArgs::parse(const Gprs& gprs) {
    namespace flag = papr::hpt_flag;
    const std::uint64_t flags = gprs[4];
    const std::uint64_t protection = (flags & flag::pp0) << 55 | (flags & flag::key_high) << 48 |
                                     (flags & (flag::key_low | flag::no_execute | flag::pp));
    return {{gprs[5]}, {.avpn = (flags & flag::avpn) != 0, .operand = gprs[6]}, protection};
}

inline ReadArgs ReadArgs::parse(const Gprs& gprs) {
    if ((gprs[4] & papr::hpt_flag::read_4) != 0)
        return {{gprs[5] & ~std::uint64_t{3}}, 4};
    return {{gprs[5]}, 1};
}

} // namespace transom::hpt
