// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <transom/dual/phase.hpp>

namespace transom::dual {

enum class Which : std::uint8_t { first, second };

/// With which table a processor goes into the partition, and whether its TLB must forget the partition before: where the two tables
/// share an LPID.
struct Entry {
    Which table = Which::first;
    bool flush = false;
};

/// The virtual processors of a partition, by their index below 64: who is inside, calls included, and who walks T2.
class Walkers {
  public:
    /// On the way in; for one that is inside already too, when it is to look again.
    Entry enter(unsigned processor, const PhaseWord& phase) {
        const std::uint64_t bit = bit_of(processor);
        awaited_.fetch_and(~bit);
        inside_.fetch_or(bit);
        on_second_.fetch_or(bit);
        std::atomic_thread_fence(std::memory_order_seq_cst);
        // Said first, looked then: who moves the phase does it the other way round.
        Entry entry{Which::second, (last_second_.fetch_or(bit) & bit) == 0};
        if (phase.now() != Phase::dual) {
            on_second_.fetch_and(~bit);
            entry = {Which::first, !entry.flush};
            last_second_.fetch_and(~bit);
        }
        return entry;
    }
    /// When it is outside.
    void leave(unsigned processor) {
        const std::uint64_t bit = bit_of(processor);
        on_second_.fetch_and(~bit);
        inside_.fetch_and(~bit);
        awaited_.fetch_and(~bit);
    }

    std::uint64_t inside() const { return inside_.load(); }
    /// Who may be walking T2.
    std::uint64_t on_second() const { return on_second_.load(); }

    /// Begins to wait until all who are inside now have been outside.
    void begin_grace() {
        std::atomic_thread_fence(std::memory_order_seq_cst);
        awaited_.store(inside_.load());
    }
    /// Whom that waits for: a kick brings them out.
    std::uint64_t awaited() const { return awaited_.load() & inside_.load(); }

  private:
    static constexpr std::uint64_t bit_of(unsigned processor) { return std::uint64_t{1} << (processor % 64); }

    std::atomic<std::uint64_t> inside_{0}, on_second_{0}, last_second_{0}, awaited_{0};
};

} // namespace transom::dual
