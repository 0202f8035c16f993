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

} // namespace transom::hpt
