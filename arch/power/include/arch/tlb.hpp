// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <arch/processors.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <transom/hpt/flush.hpp>
#include <transom/hpt/tlbie.hpp>
#include <utility>

namespace arch {

/// Invalidation of translations by broadcast (ISA 3.0B Book III 5.10.1 "Page table updates"; ISA 2.07 Book III-S 5.10.1).
/// To be called in hypervisor state; the partition is named by its LPID, LPIDR does not matter.
class Tlb {
  public:
    /// Orders stores to the page table before it against those after it.
    static void order_updates() { asm volatile("eieio" ::: "memory"); }
    /// Makes stores to the page table visible to every later walk.
    static void complete_updates() { asm volatile("ptesync" ::: "memory"); }

    /// Returns when no processor holds the page any more and R and C are where they belong.
    static transom::hpt::Flushed discharge(const transom::hpt::FlushObligation& obligation, std::uint32_t lpid) {
        if (obligation)
            invalidate(transom::hpt::tlbie_page(*obligation), lpid);
        return transom::hpt::Flushed(obligation);
    }

    /// The same for several, with one wait for all of them.
    template <std::size_t n>
    static std::array<transom::hpt::Flushed, n> discharge_all(
        const std::array<transom::hpt::FlushObligation, n>& obligations, std::uint32_t lpid) {
        if (std::ranges::any_of(obligations, [](const auto& obligation) { return static_cast<bool>(obligation); })) {
            asm volatile("ptesync" ::: "memory");
            for (const transom::hpt::FlushObligation& obligation : obligations)
                if (obligation)
                    tlbie(transom::hpt::tlbie_page(*obligation), lpid);
            asm volatile("eieio\n\ttlbsync\n\tptesync" ::: "memory");
            wait_for_late_processors(lpid);
        }
        return receipts(obligations);
    }

    /// Forgets all translations of a partition: before its LPID or its table is used again.
    static transom::hpt::PartitionFlushed flush_partition(std::uint32_t lpid) {
        invalidate(transom::hpt::tlbie_partition, lpid);
        return {};
    }

    // The same for one LPID or two, with one wait for both: a partition with two page tables.

    static transom::hpt::Flushed discharge(const transom::hpt::FlushObligation& obligation,
                                           const transom::hpt::FlushScope& scope) {
        if (obligation)
            invalidate(transom::hpt::tlbie_page(*obligation), scope);
        return transom::hpt::Flushed(obligation);
    }
    template <std::size_t n>
    static std::array<transom::hpt::Flushed, n> discharge_all(
        const std::array<transom::hpt::FlushObligation, n>& obligations, const transom::hpt::FlushScope& scope) {
        if (std::ranges::any_of(obligations, [](const auto& obligation) { return static_cast<bool>(obligation); })) {
            asm volatile("ptesync" ::: "memory");
            for (const transom::hpt::FlushObligation& obligation : obligations)
                if (obligation)
                    tlbie(transom::hpt::tlbie_page(*obligation), scope);
            asm volatile("eieio\n\ttlbsync\n\tptesync" ::: "memory");
            wait_for_late_processors(scope.partition);
        }
        return receipts(obligations);
    }
    static transom::hpt::PartitionFlushed flush_partition(const transom::hpt::FlushScope& scope) {
        invalidate(transom::hpt::tlbie_partition, scope);
        return {};
    }

  private:
    template <std::size_t n>
    static std::array<transom::hpt::Flushed, n> receipts(
        const std::array<transom::hpt::FlushObligation, n>& obligations) {
        return [&]<std::size_t... i>(std::index_sequence<i...>) {
            return std::array{transom::hpt::Flushed(obligations[i])...};
        }
        (std::make_index_sequence<n>());
    }

    [[gnu::always_inline]] static inline void tlbie(std::uint64_t rb, std::uint32_t lpid) {
        asm volatile("tlbie %0, %1" : : "r"(rb), "r"(std::uint64_t{lpid}) : "memory");
    }
    [[gnu::always_inline]] static inline void tlbie(std::uint64_t rb, const transom::hpt::FlushScope& scope) {
        tlbie(rb, scope.lpid);
        if (scope.other_lpid != scope.lpid)
            tlbie(rb, scope.other_lpid);
    }
    [[gnu::always_inline]] static inline void invalidate(std::uint64_t rb, const transom::hpt::FlushScope& scope) {
        asm volatile("ptesync" ::: "memory");
        tlbie(rb, scope);
        asm volatile("eieio\n\ttlbsync\n\tptesync" ::: "memory");
        wait_for_late_processors(scope.partition);
    }
    [[gnu::always_inline]] static inline void invalidate(std::uint64_t rb, std::uint32_t lpid) {
        // The first ptesync: the entry's V=0 before the invalidation. RS is LPID in bits 32-63 (ISA 3.0: PID above, which
        // does not count here); the two-operand form is RIC=0, PRS=0, R=0 of ISA 3.0.
        asm volatile("ptesync\n\t"
                     "tlbie %0, %1\n\t"
                     "eieio\n\t"
                     "tlbsync\n\t"
                     "ptesync"
                     :
                     : "r"(rb), "r"(std::uint64_t{lpid})
                     : "memory");
        wait_for_late_processors(lpid);
    }

    [[gnu::always_inline]] static inline void wait_for_late_processors(std::uint32_t lpid) {
        if (!broadcast_is_late) [[likely]]
            return;
        std::uint64_t link, argument;
        asm volatile inline("mflr %0\n\t"
                            "mr %1, 3\n\t"
                            "mr 3, %2\n\t"
                            "bl rendezvous_keeping_registers\n\t"
                            "mr 3, %1\n\t"
                            "mtlr %0"
                            : "=&r"(link), "=&r"(argument)
                            : "r"(std::uint64_t{lpid})
                            : "memory");
    }
};

} // namespace arch
