// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fault_pair.hpp"

namespace transom::tool {

/// What a guest has to say before a fault and after it: it is the same one, goes on, and its memory is as it was.
class FaultGuest {
  public:
    explicit FaultGuest(FaultPair& pair) : pair_(pair) {}

    /// At the source, before the move.
    void begin();
    /// Where it is now; empty: all is well.
    std::vector<std::string> complaints(End end);
    /// Of a move that both ends say is completed: whether what left is what came. The source has to be still what it was for that move.
    std::vector<std::string> digest_complaints();

  private:
    FaultPair& pair_;
    MoveReport before_;
    std::size_t source_from_ = 0, target_from_ = 0;
};

} // namespace transom::tool
