// SPDX-License-Identifier: Apache-2.0
#include "tree.hpp"

#include <libfdt.h>
#include <transom/base/big_endian.hpp>

namespace guest {

namespace {

template <class T> T be(const void* property, unsigned index) {
    return transom::load_be<T>(static_cast<const std::byte*>(property) + index * sizeof(T));
}

} // namespace

std::optional<Tree> Tree::at(std::uint64_t address) {
    const auto* blob = reinterpret_cast<const void*>(address);
    if (address == 0 || fdt_check_header(blob) != 0)
        return std::nullopt;
    return Tree(blob);
}

std::optional<std::uint32_t> Tree::cell_of(int node, const char* property, unsigned index) const {
    int size = 0;
    const void* value = node < 0 ? nullptr : fdt_getprop(blob_, node, property, &size);
    if (!value || size < static_cast<int>((index + 1) * sizeof(std::uint32_t)))
        return std::nullopt;
    return be<std::uint32_t>(value, index);
}

std::optional<std::uint32_t> Tree::cell(const char* path, const char* property, unsigned index) const {
    return cell_of(fdt_path_offset(blob_, path), property, index);
}

int Tree::processor() const { return fdt_node_offset_by_prop_value(blob_, -1, "device_type", "cpu", sizeof "cpu"); }

std::optional<std::uint32_t> Tree::processor_cell(const char* property, unsigned index) const {
    return cell_of(processor(), property, index);
}

unsigned Tree::processors() const {
    unsigned count = 0;
    int node = -1;
    while ((node = fdt_node_offset_by_prop_value(blob_, node, "device_type", "cpu", sizeof "cpu")) >= 0)
        ++count;
    return count;
}

bool Tree::processor_has(const char* property) const {
    const int node = processor();
    return node >= 0 && fdt_getprop(blob_, node, property, nullptr) != nullptr;
}

std::string_view Tree::text(const char* path, const char* property) const {
    const int node = fdt_path_offset(blob_, path);
    int size = 0;
    const void* value = node < 0 ? nullptr : fdt_getprop(blob_, node, property, &size);
    if (!value || size < 1)
        return {};
    return {static_cast<const char*>(value), static_cast<std::size_t>(size) - 1};
}

/// The size of the range that begins there; 0: none does.
std::uint64_t Tree::memory_behind(std::uint64_t begin) const {
    for (int node = -1;;) {
        node = fdt_node_offset_by_prop_value(blob_, node, "device_type", "memory", sizeof "memory");
        if (node < 0)
            return 0;
        int size = 0;
        const void* reg = fdt_getprop(blob_, node, "reg", &size);
        for (unsigned i = 0; static_cast<int>(i + 2) * 8 <= size; i += 2)
            if (be<std::uint64_t>(reg, i) == begin)
                return be<std::uint64_t>(reg, i + 1);
    }
}

std::uint64_t Tree::memory() const {
    std::uint64_t end = 0;
    while (const std::uint64_t size = memory_behind(end))
        end += size;
    return end;
}

bool Tree::has_function_set(const char* name) const {
    const int node = fdt_path_offset(blob_, "/rtas");
    return node >= 0 && fdt_stringlist_search(blob_, node, "ibm,hypertas-functions", name) >= 0;
}

} // namespace guest
