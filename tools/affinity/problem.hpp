// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optimum.hpp"

#include <glpk.h>
#include <memory>
#include <vector>

namespace transom::affinity {

/// A problem of integer programming for GLPK, written down row by row.
class Problem {
  public:
    static constexpr double unbounded = 1e20;

    Problem();
    int row(double least, double most);
    /// From 0 to `most`; `value` is what one of it adds to the goal.
    int column(double value, double most, bool integer);
    void entry(int row, int column, double factor);

    /// The greatest value above `more_than`, or where `any` the first that is found. No: there is none. `most_nodes`: of the search tree.
    Better solve(double more_than, bool any, unsigned most_nodes);

  private:
    std::unique_ptr<glp_prob, void (*)(glp_prob*)> problem_;
    std::vector<int> rows_ = {0}, columns_ = {0}; // GLPK counts from 1
    std::vector<double> factors_ = {0};
};

} // namespace transom::affinity
