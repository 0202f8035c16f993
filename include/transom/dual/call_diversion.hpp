// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace transom::dual {

/// What a partition's page table calls act on.
enum class CallsGo : std::uint8_t {
    to_first,    // the partition's page table alone
    to_both,     // that and a second one: a migration
    to_resizing, // that and one of another size: from H_RESIZE_HPT_PREPARE until the old table is not needed any more
    nowhere,     // they are made again a moment later: H_RESIZE_HPT_COMMIT changes the table
};

/// Where a partition's page table calls go.
class CallDiversion {
  public:
    /// Those who are in a call already end it as they began it.
    virtual void divert(CallsGo where) = 0;

  protected:
    ~CallDiversion() = default;
};

} // namespace transom::dual
