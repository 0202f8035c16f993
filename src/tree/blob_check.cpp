// SPDX-License-Identifier: Apache-2.0
#include "blob_check.hpp"

#include <libfdt.h>
#include <transom/base/address.hpp>

namespace transom::tree {

namespace {

// The Devicetree Specification, 2.2.4.1. And those that a manifest knows are much less together.
constexpr std::size_t max_property_name = 31;
constexpr std::size_t max_property_names = kib(4);
constexpr std::uint32_t first_version_with_their_size = 17;

/// What libfdt would take long over: it looks for the end of each property's name. Null: nothing, or its own check will say what is wrong.
const char* too_long(std::span<const std::byte> blob) {
    const void* const fdt = blob.data();
    if (blob.size() < fdt_header_size(fdt) || fdt_check_header(fdt) != 0 || blob.size() < fdt_totalsize(fdt))
        return nullptr;
    if (fdt_version(fdt) < first_version_with_their_size)
        return "it is of a version before 17";
    if (fdt_size_dt_strings(fdt) > max_property_names)
        return "the names of its properties have more than 4096 bytes";
    std::size_t length = 0;
    for (const std::byte b : blob.subspan(fdt_off_dt_strings(fdt), fdt_size_dt_strings(fdt))) {
        length = b == std::byte{0} ? 0 : length + 1;
        if (length > max_property_name)
            return "the name of a property has more than 31 characters";
    }
    return nullptr;
}

} // namespace

const char* what_is_wrong(std::span<const std::byte> blob) {
    if (blob.size() < FDT_V1_SIZE)
        return "it is too short to be a flattened device tree";
    if (const char* const why = too_long(blob); why != nullptr)
        return why;
    const int bad = fdt_check_full(blob.data(), blob.size());
    return bad == 0 ? nullptr : fdt_strerror(bad);
}

} // namespace transom::tree
