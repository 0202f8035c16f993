// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <transom/hpt/hash.hpp>

namespace arch {
class Tlb;
}

namespace transom::hpt {

/// What the TLBs of all processors must forget before a change may go on: a page, or nothing.
using FlushObligation = std::optional<VirtualPage>;

/// The receipt for a discharged obligation. Only <arch/tlb.hpp> writes one.
class Flushed {
  public:
    const FlushObligation& page() const { return page_; }

  private:
    friend class arch::Tlb;
    explicit Flushed(const FlushObligation& page) : page_(page) {}
    FlushObligation page_;
};

/// The receipt for a flush of everything that the TLBs hold of a partition.
class PartitionFlushed {
    friend class arch::Tlb;
    PartitionFlushed() = default;
};

} // namespace transom::hpt
