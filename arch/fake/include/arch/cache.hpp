// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/base/address.hpp>

namespace arch {

/// The fake machine executes nothing and has no caches.
inline void synchronize_instructions(transom::RealAddr, transom::Bytes) {}
inline void flush_data(transom::RealAddr, transom::Bytes) {}

} // namespace arch
