// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/base/address.hpp>

namespace transom::hpt {

/// What a processor has to know to walk a table.
struct TableRoot {
    RealAddr address;
    unsigned log2_bytes = 0;
    bool large_real_mode_pages = false; // 64 KiB; else 4 KiB
};

} // namespace transom::hpt
