// SPDX-License-Identifier: Apache-2.0
#include <transom/hpt/arguments.hpp>
#include <transom/hpt/entry.hpp>

namespace transom::hpt {

std::expected<NewEntry, TableError> NewEntry::parse(papr::PageTableEntry raw) {
    raw.d0 &= ~papr::d0::hypervisor;
    raw.d1 &= ~papr::d1::reserved;
    if (!decode_segment_size(raw.d0))
        return std::unexpected(TableError::virtual_page);
    const auto sizes = decode_page_sizes(raw);
    if (!sizes)
        return std::unexpected(TableError::page_size);
    return NewEntry{raw, *sizes};
}

LogicalAddr NewEntry::page() const { return page_address(entry, sizes); }

std::expected<EnterArgs, TableError> EnterArgs::parse(const Gprs& gprs) {
    namespace flag = papr::hpt_flag;
    const std::uint64_t flags = gprs[4];
    const auto what = NewEntry::parse({gprs[6], gprs[7]});
    if (!what)
        return std::unexpected(what.error());
    return EnterArgs{{gprs[5]}, (flags & flag::exact) != 0, flags & flag::page_work, *what};
}

Condition Condition::parse(std::uint64_t flags, std::uint64_t operand) {
    return {(flags & papr::hpt_flag::avpn) != 0, (flags & papr::hpt_flag::andcond) != 0, operand};
}

RemoveArgs RemoveArgs::parse(const Gprs& gprs) { return {{gprs[5]}, Condition::parse(gprs[4], gprs[6])}; }

ProtectArgs ProtectArgs::parse(const Gprs& gprs) {
    namespace flag = papr::hpt_flag;
    const std::uint64_t flags = gprs[4];
    const std::uint64_t protection = (flags & flag::pp0) << 55 | (flags & flag::key_high) << 48 |
                                     (flags & (flag::key_low | flag::no_execute | flag::pp));
    return {{gprs[5]}, {.avpn = (flags & flag::avpn) != 0, .operand = gprs[6]}, protection};
}

ReadArgs ReadArgs::parse(const Gprs& gprs) {
    if ((gprs[4] & papr::hpt_flag::read_4) != 0)
        return {{gprs[5] & ~std::uint64_t{3}}, 4};
    return {{gprs[5]}, 1};
}

} // namespace transom::hpt
