// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <transom/base/address.hpp>

namespace arch {

/// Where a real address of the fake machine is in the host's memory. The machine's memory starts at an odd place
/// (fake_real_base), so that code which takes a pointer for a real address, or a logical one, fails its test.
std::byte* real_pointer(transom::RealAddr address);

/// The fake real address of an object inside the fake machine's memory.
transom::RealAddr real_address(const void* object);

} // namespace arch
