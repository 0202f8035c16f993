// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fault_guest.hpp"

namespace transom::tool {

/// A move with a fault, from outside: until when it goes on, and what is not as it has to be then.
class FaultWatch {
  public:
    explicit FaultWatch(FaultPair& pair) : pair_(pair), guest_(pair) {}

    /// Before the move: what there is to compare with.
    void begin();

    /// Throws Failure where both machines run the partition.
    void look_for_two();
    /// Until both ends say so. Throws Failure where that does not come.
    void wait_until_over(const FaultCell& cell);
    /// False: the move is over, and the record was not sent.
    bool wait_until_happened(const FaultCell& cell);
    /// Until an end has noticed that it hears nothing any more; what it says then.
    std::string wait_until_given_up(End end, const FaultCell& cell);
    /// Who runs it: both machines live. Throws Failure where that is not one of them.
    Outcome whose();

    /// What is not as it has to be when both machines live and the move is over.
    std::vector<std::string> after_move(const FaultCell& cell, Outcome found);
    /// The same of the one that is left: who has it is found out. `word`: why, as it says it.
    Outcome after_death(const FaultCell& cell, std::string& word, std::vector<std::string>& complaints);

  private:
    std::vector<std::string> scrub_complaints();
    bool says_damaged(const FaultCell& cell);
    Outcome settle(std::vector<std::string>& complaints);

    FaultPair& pair_;
    FaultGuest guest_;
    std::size_t source_said_ = 0, target_said_ = 0; ///< how much, before the move
    std::uint64_t free_before_ = 0;                 ///< at the target
};

} // namespace transom::tool
