// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "contest.hpp"
#include "duel.hpp"
#include "ring.hpp"
#include "slots.hpp"

namespace storing {

/// What one processor has, and does in turn: hot, warm and cold memory that it goes round in, and page-table entries of its own.
class Worker {
  public:
    /// Memory of a worker, and of its pages with entries of their own. They begin at multiples of a block.
    static constexpr std::uint64_t hot_blocks = 16, warm_blocks = 112, cold_blocks = 384;
    static constexpr std::uint64_t ring_bytes = (hot_blocks + warm_blocks + cold_blocks) * block_bytes;
    static constexpr std::uint64_t slot_bytes = Slots::real_pages * page_bytes;

    /// Its turn in the duel.
    using DuelTurn = void (*)(Duel&, std::uint64_t choice);

    /// `calls_for_a_block`: calls and accesses of its entries for each block of memory.
    void begin(const guest::Machine& machine, std::uint64_t rings, std::uint64_t slots, std::uint64_t seed,
               unsigned calls_for_a_block, Duel& duel, DuelTurn turn, Contest& contest);
    /// On the processor that is to work: stores to all of its memory once.
    void start();
    void step();
    void forget_a_store() { slots_.forget_a_store(); }
    std::uint64_t rounds() const { return cold_.rounds(); }

  private:
    Ring hot_, warm_, cold_;
    Slots slots_;
    guest::Random random_{0};
    unsigned calls_for_a_block_ = 0;
    Duel* duel_ = nullptr;
    DuelTurn turn_ = nullptr;
    Contest* contest_ = nullptr;
};

} // namespace storing
