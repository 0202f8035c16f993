// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <transom/base/address.hpp>
#include <transom/base/big_endian.hpp>
#include <transom/partition/kernel_image.hpp>

namespace transom::partition {

/// The code of RTAS in a partition: hands its argument block to the hypervisor. H_RTAS is ours by agreement with nobody
/// but the partition's device tree (QEMU's number). LoPAR, "RTAS"; it is entered in 32-bit big-endian real mode.
constexpr std::array<Be<std::uint32_t>, 5> rtas_code = {
    0x7c641b78u, // mr  r4,r3      the argument block
    0x3c600000u, // lis r3,0
    0x6063f000u, // ori r3,r3,0xf000
    0x44000022u, // sc  1
    0x4e800020u, // blr
};

/// An operating system is started below this: RTAS is called with 32-bit addresses and Linux gives it buffers below 1 GiB only; low is safe.
constexpr Bytes start_limit = mib(256);

/// What is placed into a new partition beside its kernel, at the top of its memory or of the first 256 MiB.
struct Layout {
    LogicalRange rtas;
    LogicalRange tree;
    LogicalRange initramfs; // empty: none
};

enum class LayoutError : std::uint8_t {
    initramfs_too_large, // it alone does not fit
    kernel_in_the_way,   // kernel and initramfs do not fit together
};

/// Finds the places: whole 64 KiB pages, from the top down RTAS, the tree, the initramfs, which must clear the kernel.
std::expected<Layout, LayoutError> lay_out(Bytes memory, LogicalRange kernel, Bytes initramfs_size);

} // namespace transom::partition
