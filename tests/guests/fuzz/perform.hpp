// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operation.hpp"
#include "reference.hpp"

namespace fuzz {

/// Performs operations, one after the other, on a table and with a storage key register that it keeps between them.
class Performer {
  public:
    Performer(const Scene& scene, const PageTable& table) : scene_(scene), table_(table) {}

    /// Puts operands into `op` that depend on the table.
    Result perform(Operation& op);

  private:
    Result call(Operation& op);
    Result call_alone(Operation& op);
    Result access(Kind kind, std::uint64_t address, std::uint64_t value);
    void find_operands(Operation& op) const;
    std::uint64_t page_around(const Operation& op) const;
    void forget_if_doubled(std::uint64_t slot, std::uint64_t d0) const;

    const Scene& scene_;
    const PageTable& table_;
    std::uint64_t amr_ = 0;
};

} // namespace fuzz
