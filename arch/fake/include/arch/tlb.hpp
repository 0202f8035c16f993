// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/hpt/flush.hpp>

namespace arch {

/// The fake machine has no TLB of its own: it remembers in FakeMachine::flushes_ what it was told to forget.
class Tlb {
  public:
    static void order_updates();
    static void complete_updates();
    static transom::hpt::Flushed discharge(const transom::hpt::FlushObligation& obligation, std::uint32_t lpid);
    static void flush_partition(std::uint32_t lpid);
};

} // namespace arch
