// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "scene.hpp"
#include <cstddef>
#include <string>
#include <transom/base/static_vector.hpp>

namespace transom::hcall_fuzz {

/// What of the page table something may have changed.
struct TableScope {
    enum class Own : std::uint8_t { stay, may_go, may_come };

    bool everywhere = false;
    StaticVector<std::uint64_t, 16> slots;
    Own own = Own::stay; // the hypervisor's entries

    bool contains(std::uint64_t slot) const;
};

/// The slots that a call names in its registers.
TableScope scope_of(papr::Op op, const std::array<std::uint64_t, 32>& gpr);

/// Looks at the whole table: what changed since it was looked at last lies in the scope, is right, and where a translation
/// that a TLB may have is no longer what the table says, it was flushed: machine().flushes_ from `first_flush` on. Empty
/// where all of that holds; else what does not.
std::string check_table(Scene& scene, const TableScope& scope, std::size_t first_flush);

} // namespace transom::hcall_fuzz
