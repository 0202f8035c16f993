// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace boot {

[[noreturn]] void powernv_main(const void* fdt, std::uint64_t opal_base, std::uint64_t opal_entry);

} // namespace boot
