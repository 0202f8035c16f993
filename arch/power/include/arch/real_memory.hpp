// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <transom/base/address.hpp>

namespace arch {

/// Where a real address is for a load or store of ours: the hypervisor runs in real mode, so just there.
inline std::byte* real_pointer(transom::RealAddr address) { return reinterpret_cast<std::byte*>(address.value); }

/// The real address of an object of ours, for the page table register, rings and firmware calls.
inline transom::RealAddr real_address(const void* object) { return {reinterpret_cast<std::uint64_t>(object)}; }

} // namespace arch
