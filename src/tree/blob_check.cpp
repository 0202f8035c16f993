// SPDX-License-Identifier: Apache-2.0
#include "blob_check.hpp"

#include <algorithm>
#include <libfdt.h>
#include <transom/base/address.hpp>

namespace transom::tree {

namespace {

// The Devicetree Specification, 2.2.4.1. And those that a manifest knows are much less together.
constexpr std::size_t max_property_name = 31;
constexpr std::size_t max_property_names = kib(4);
constexpr std::uint32_t first_version_with_their_size = 17;

// The largest manifest, of 16 partitions and 32 files with all that is known of each, has half of that.
constexpr int max_tags = 1024;
constexpr std::size_t max_node_name = 63;
constexpr int max_reserved = 16; // nobody asks for them

/// Whether the node that begins at this offset of the structure, if one does, has a name that nobody should look for the end of.
bool has_long_name(std::span<const std::byte> blob, int offset) {
    const auto* const tag =
        static_cast<const std::byte*>(fdt_offset_ptr(blob.data(), offset, static_cast<unsigned>(FDT_TAGSIZE)));
    if (tag == nullptr || fdt32_ld(reinterpret_cast<const fdt32_t*>(tag)) != FDT_BEGIN_NODE)
        return false;
    const auto rest = blob.subspan(static_cast<std::size_t>(tag - blob.data()) + FDT_TAGSIZE);
    return rest.size() > max_node_name && std::ranges::count(rest.first(max_node_name + 1), std::byte{0}) == 0;
}

/// Each look for a node or a property goes over all that lies before it, whatever it is. Null as below.
const char* too_many(std::span<const std::byte> blob) {
    const void* const fdt = blob.data();
    std::uint64_t address = 0, size = 0;
    for (int n = 0; fdt_get_mem_rsv(fdt, n, &address, &size) == 0 && size != 0; ++n)
        if (n == max_reserved)
            return "it reserves more than 16 pieces of memory";
    int next = 0;
    for (int tags = 0; tags < max_tags; ++tags) {
        if (has_long_name(blob, next))
            return "the name of a node has more than 63 characters";
        if (fdt_next_tag(fdt, next, &next) == FDT_END)
            return nullptr;
    }
    return "it has more nodes and properties than any manifest";
}

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
    return too_many(blob);
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
