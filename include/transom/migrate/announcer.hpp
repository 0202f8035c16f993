// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/partition/partition.hpp>

namespace transom::migrate {

/// Who tells the world where a partition is from now on: a network device of it says its addresses, so that switches learn at which port
/// they are. It is called on the boot processor, again and again about the same partition, and does not block.
class Announcer {
  public:
    /// It runs here: it has just gone on, or did so a moment ago and its move is not complete yet.
    virtual void announce(partition::Partition& partition) = 0;

  protected:
    ~Announcer() = default;
};

} // namespace transom::migrate
