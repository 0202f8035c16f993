// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace transom::dual {

/// Where a partition's page table calls go.
class CallDiversion {
  public:
    /// On: to the handlers for both tables. Those who are in a call already end it as they began it.
    virtual void divert(bool on) = 0;

  protected:
    ~CallDiversion() = default;
};

} // namespace transom::dual
