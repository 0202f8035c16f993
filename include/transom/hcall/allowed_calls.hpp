// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <papr/function_set.hpp>
#include <transom/hcall/counters.hpp>
#include <transom/hcall/table.hpp>

namespace transom::hcall {

/// The calls that a partition may make. Those of other sets are not advertised, and answered like what is no call.
class AllowedCalls {
  public:
    /// Those of no set.
    AllowedCalls() { allow({}); }
    void allow(papr::FunctionSets sets);
    papr::FunctionSets sets() const { return sets_; }
    /// By index of hcall::rows(), or unknown_row.
    Handler operator[](std::size_t row) const { return handlers_[row]; }

  private:
    papr::FunctionSets sets_;
    std::array<Handler, row_limit> handlers_{};
};

} // namespace transom::hcall
