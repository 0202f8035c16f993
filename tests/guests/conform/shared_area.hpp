// SPDX-License-Identifier: Apache-2.0
// A virtual processor area for each processor, registered by whoever likes. LoPAR H_REGISTER_VPA.
#pragma once

#include "table.hpp"

#include <transom/base/big_endian.hpp>

namespace conform {

constexpr std::uint64_t add_area = std::uint64_t{1} << 45, drop_area = std::uint64_t{5} << 45;
constexpr std::uint16_t area_size = 640;

inline bool offers_areas(Context& context) {
    if (context.machine().tree->has_function_set("hcall-splpar"))
        return true;
    context.skip("ibm,hypertas-functions has no hcall-splpar");
    return false;
}

inline std::byte* area_of(unsigned processor) { return reinterpret_cast<std::byte*>(scratch(16 + processor)); }

/// The count in the area; it changes under our eyes.
inline std::uint32_t dispatch_counter(unsigned processor) {
    return __builtin_bswap32(*reinterpret_cast<const volatile std::uint32_t*>(area_of(processor) + 0x100));
}

/// Zeroes the area and registers it.
inline std::int64_t register_area(unsigned processor) {
    for (unsigned i = 0; i < 4096; ++i)
        area_of(processor)[i] = {};
    transom::store_be<std::uint16_t>(area_of(processor) + 4, area_size);
    return hcall(call::register_vpa, add_area, processor, reinterpret_cast<std::uint64_t>(area_of(processor))).status;
}

inline std::int64_t forget_area(unsigned processor) {
    return hcall(call::register_vpa, drop_area, processor, 0).status;
}

} // namespace conform
