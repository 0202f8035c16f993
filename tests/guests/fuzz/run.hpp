// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "perform.hpp"

#include <array>
#include <optional>

namespace fuzz {

/// Which operations of a run are performed: those in one of the ranges, all where there are none.
class Selection {
  public:
    struct Range {
        std::uint64_t first, end;
    };
    static constexpr std::size_t most = 4096;

    void clear() { size_ = 0; }
    /// In increasing order. False where there are too many.
    bool add(Range range);
    std::span<const Range> ranges() const { return {ranges_.data(), size_}; }

  private:
    std::array<Range, most> ranges_;
    std::size_t size_ = 0;
};

struct Request {
    std::uint64_t seed = 0;
    std::uint64_t operations = 0;
    std::uint64_t from = 0;  // no digest is printed for operations before it
    std::uint64_t every = 1; // operations from one printed digest to the next
    bool show = false;       // print each operation
    bool quick = false;      // at the end look at the crowded groups only
};

/// A defect on purpose: once the operation has been performed, C is wrong in what the next H_REMOVE answers.
struct Defect {
    std::uint64_t seed, operation;
};

/// Prints "# at INDEX DIGEST" lines and "# done SEED DIGEST".
void run(const guest::Machine& machine, const PageTable& table, const Request& request, const Selection& selection,
         const std::optional<Defect>& defect);

} // namespace fuzz
