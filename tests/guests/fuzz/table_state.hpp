// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "reference.hpp"
#include "scene.hpp"

namespace fuzz {

/// What H_READ shows of the groups that the operations fill.
std::uint64_t digest_groups(const Scene& scene, const PageTable& table);
/// The same; they are empty afterwards.
std::uint64_t empty_groups(const Scene& scene, const PageTable& table);
/// The same for the whole table.
std::uint64_t empty_table(const Scene& scene, const PageTable& table);

} // namespace fuzz
