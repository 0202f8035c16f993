// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tally.hpp"

#include <array>
#include <atomic>

namespace storing {

/// Numbers to which both processors add by larx and stcx. all the time, whatever comes in between: the loss of the right to store, another page
/// table, the end of a turn, a move. What has been added is counted beside: no addition may be lost, and none made twice.
class Contest {
  public:
    /// `line`: 128 bytes of memory, zero.
    void begin(std::uint64_t line) { line_ = line; }
    /// Of both processors. `choice`: which of the numbers, and how long between larx and stcx.
    void add(std::uint64_t choice);
    /// Of either one, between two additions of its own.
    void look() const;
    /// An addition of processor 1 is not counted: what looks has to notice.
    void forget_an_addition() { forgets_ = true; }

  private:
    /// Additions of one processor, to the word and to the doubleword.
    struct alignas(128) Count {
        std::array<std::atomic<std::uint64_t>, 2> begun{}, done{};
    };
    std::uint64_t number(unsigned which) const;

    std::uint64_t line_ = 0;
    bool forgets_ = false;
    std::array<Count, processors> counts_;
};

/// A word that one processor has a reservation for while it sleeps, and that another one stores to meanwhile, what is in it already: the store
/// that depends on the reservation must not be made.
class Reservation {
  public:
    void make();
    /// Of the other processor.
    void break_it();
    /// Tries the store, and says where it was made.
    void try_store();

  private:
    alignas(128) std::uint32_t word_ = 0x5a5a;
    std::uint32_t seen_ = 0;
};

} // namespace storing
