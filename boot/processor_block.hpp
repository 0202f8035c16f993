// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/base/address.hpp>

namespace boot {

/// Each processor has one block of this size: thread-local data at its start (128 bytes in, the stack guard before it),
/// the stack at its end. head.S knows the layout.
constexpr transom::Bytes processor_block_size = transom::kib(64);

} // namespace boot
