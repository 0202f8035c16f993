// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <transom/memory/frames.hpp>

namespace transom::migrate {

/// The memory for copies of what was sent of the partition that moves away (SentCopies). There is something of that partition in it until
/// it is given back, and then it is scrubbed as all that is given back.
class CopyRoom {
  public:
    explicit CopyRoom(memory::Frames& frames) : frames_(frames) {}

    /// For a move that begins, of a partition with so much memory. Nothing where there is little to spare: a move can do without.
    std::span<std::byte> begin(Bytes partition_memory);
    void end();

  private:
    memory::Frames& frames_;
    RealRange memory_{};
};

} // namespace transom::migrate
