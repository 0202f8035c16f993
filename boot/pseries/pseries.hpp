// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace boot {

/// Whether the tree is that of a PAPR partition.
bool is_pseries(const void* fdt);

[[noreturn]] void pseries_main(const void* fdt);

} // namespace boot
