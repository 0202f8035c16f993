// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <span>
#include <transom/partition/create_error.hpp>
#include <transom/partition/layout.hpp>
#include <transom/tree/manifest.hpp>

namespace transom::partition {

/// What a partition starts with, and where it goes.
struct Contents {
    std::span<const std::byte> kernel;
    LogicalAddr entry;
    std::span<const std::byte> initramfs; // empty: none
    Layout layout;
};

/// Finds out all that can be wrong with it, whatever machine it is for. The result refers to the bundle.
std::expected<Contents, CreateError> check_contents(const tree::PartitionDescription& description,
                                                    const tree::Manifest& bundle);

} // namespace transom::partition
