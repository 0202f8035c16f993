// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/base/address.hpp>

namespace transom::memory {

/// Who is told of each write of the hypervisor's to a partition's memory: after it, and before the partition hears of what it was
/// for. Called by several processors at once, with locks of theirs: it takes none and waits for nothing.
class WriteWatch {
  public:
    /// size > 0.
    virtual void written(LogicalAddr from, Bytes size) = 0;

  protected:
    ~WriteWatch() = default;
};

} // namespace transom::memory
