// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/migrate/hello.hpp>

namespace transom::test {

/// What two machines that fit each other say of themselves.
constexpr migrate::MachineFacts facts{.processor_version = 0x004e1200,
                                      .mmu = migrate::Mmu::hashed_3_0,
                                      .page_sizes = 0x1011000,
                                      .timebase_frequency = 512000000,
                                      .initial_msr = 0x8000000000001000};

} // namespace transom::test
