// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/partition/layout.hpp>
#include <transom/tree/partition_tree.hpp>

namespace transom::partition {

namespace {

constexpr Bytes page = kib(64);
constexpr Bytes rtas_size = page;
constexpr Bytes tree_size = page;
static_assert(tree::partition_tree_capacity <= tree_size);

} // namespace

std::expected<Layout, LayoutError> lay_out(Bytes memory, LogicalRange kernel, Bytes initramfs_size) {
    const LogicalAddr top{std::min(memory, start_limit)};
    Layout layout;
    layout.rtas = {top - rtas_size, rtas_size};
    layout.tree = {layout.rtas.begin - tree_size, tree_size};
    LogicalAddr lowest = layout.tree.begin;
    if (initramfs_size != 0) {
        if (initramfs_size > lowest.value)
            return std::unexpected(LayoutError::initramfs_too_large);
        lowest = (lowest - initramfs_size).align_down(page);
        layout.initramfs = {lowest, initramfs_size};
    }
    if (LogicalRange{lowest, top - lowest}.overlaps(kernel))
        return std::unexpected(LayoutError::kernel_in_the_way);
    return layout;
}

} // namespace transom::partition
