// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <papr/function_set.hpp>
#include <transom/dual/call_diversion.hpp>
#include <transom/hcall/counters.hpp>
#include <transom/hcall/table.hpp>

namespace transom::hcall {

/// The calls that a partition may make. Those of other sets are not advertised, and answered like what is no call. While the
/// partition has a second page table, or gets one of another size, calls of the page table go elsewhere.
class AllowedCalls final : public dual::CallDiversion {
  public:
    /// Those of no set.
    AllowedCalls() { allow({}); }
    void allow(papr::FunctionSets sets);
    papr::FunctionSets sets() const { return sets_; }
    void divert(dual::CallsGo where) override;
    /// By index of hcall::rows(), or unknown_row.
    Handler operator[](std::size_t row) const { return handlers_[row].load(std::memory_order_relaxed); }

  private:
    papr::FunctionSets sets_;
    std::array<std::atomic<Handler>, row_limit> handlers_{};
};

} // namespace transom::hcall
