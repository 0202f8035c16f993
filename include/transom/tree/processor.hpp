// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace transom::tree {

enum class ProcessorFamily : std::uint8_t { power8 = 8, power9 = 9, power10 = 10 };

/// What a partition is told about its processors.
struct Processor {
    ProcessorFamily family = ProcessorFamily::power9;
    std::uint32_t version = 0x0f000005;             // as the processor version register reads, or architected_version
    std::uint32_t timebase_frequency = 512'000'000; // Hz
    std::uint32_t clock_frequency = 1'000'000'000;  // Hz; for display only
    bool second_watchpoint = false;                 // DAWR1
};

/// The version that stands for the architecture and not for one chip, so that a partition can move between chips.
/// LoPAR, "cpu-version".
constexpr std::uint32_t architected_version(ProcessorFamily family) {
    switch (family) {
    case ProcessorFamily::power8:
        return 0x0f000004;
    case ProcessorFamily::power9:
        return 0x0f000005;
    case ProcessorFamily::power10:
        return 0x0f000006;
    }
    return 0;
}

/// Properties that are fixed for a family.
struct FamilyTraits {
    std::string_view node_name;
    std::uint32_t i_cache_size, d_cache_size, cache_line_size;
};

const FamilyTraits& traits(ProcessorFamily family);

/// The value of ibm,pa-features: one attribute descriptor, whose bytes 0 and 1 are its length and its type 0. What a
/// partition cannot have here is absent even where the chip has it: transactional memory, the radix MMU, the large
/// decrementer, copy and paste.
std::span<const std::byte> pa_features(const Processor& processor);

} // namespace transom::tree
