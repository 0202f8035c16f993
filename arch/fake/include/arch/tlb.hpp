// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <transom/hpt/flush.hpp>
#include <utility>

namespace arch {

/// The fake machine has no TLB of its own: it remembers in FakeMachine::flushes_ what it was told to forget.
class Tlb {
  public:
    static void order_updates();
    static void complete_updates();
    static transom::hpt::Flushed discharge(const transom::hpt::FlushObligation& obligation, std::uint32_t lpid);
    template <std::size_t n>
    static std::array<transom::hpt::Flushed, n> discharge_all(
        const std::array<transom::hpt::FlushObligation, n>& obligations, std::uint32_t lpid) {
        return [&]<std::size_t... i>(std::index_sequence<i...>) {
            return std::array{discharge(obligations[i], lpid)...};
        }
        (std::make_index_sequence<n>());
    }
    static transom::hpt::PartitionFlushed flush_partition(std::uint32_t lpid);

    // With two LPIDs the one of `lpid` comes last.
    static transom::hpt::Flushed discharge(const transom::hpt::FlushObligation& obligation,
                                           const transom::hpt::FlushScope& scope);
    template <std::size_t n>
    static std::array<transom::hpt::Flushed, n> discharge_all(
        const std::array<transom::hpt::FlushObligation, n>& obligations, const transom::hpt::FlushScope& scope) {
        if (scope.other_lpid != scope.lpid)
            static_cast<void>(discharge_all(obligations, scope.other_lpid));
        return discharge_all(obligations, scope.lpid);
    }
    static transom::hpt::PartitionFlushed flush_partition(const transom::hpt::FlushScope& scope);
};

} // namespace arch
