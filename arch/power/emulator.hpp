// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace arch {

/// As arch::set_emulated was told.
bool emulated();

/// Zeroes what QEMU's processor keeps and no processor of this generation has (or lets a partition have): partitions could
/// leave each other messages there. It is not switched, as nobody is told that it is there.
void clear_emulators_registers(unsigned generation);

} // namespace arch
