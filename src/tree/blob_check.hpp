// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace transom::tree {

/// Why a blob, which is aligned, is no sound flattened device tree with names of the usual length; null: it is one.
const char* what_is_wrong(std::span<const std::byte> blob);

} // namespace transom::tree
