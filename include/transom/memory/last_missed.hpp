// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/base/address.hpp>

namespace transom::memory {

/// What LogicalMemory::missed() answers on this processor: who is in the hypervisor for a virtual processor stays on it. By itself for
/// the way of a call, on which nothing is called that is not needed.
inline constinit thread_local LogicalAddr last_missed{};

} // namespace transom::memory
