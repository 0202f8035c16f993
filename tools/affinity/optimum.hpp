// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/affinity/valuation.hpp>

namespace transom::affinity {

/// Whether there is an allocation that is worth more, by integer programming (GLPK), for the composite formula and small systems.
struct Better {
    enum class Answer { no, yes, undecided }; // undecided: the solver would take too long
    Answer answer = Answer::undecided;
    double points = 0; // of the allocation that it found, or what was asked about
};

/// Whether any is worth more than `points`. What is easy to see is looked at first: the page tables' places and fragmentation are counted
/// as if they were the best that they could be, and only where that leaves it open they are looked at, too.
/// `most_nodes`: of the solver's search tree, for each of four problems, so that an answer does not depend on how fast the host is.
Better is_there_better(const Valuation& valuation, double points, unsigned most_nodes);

/// The best of all, which is `known` where there is none better. Takes much longer.
Better find_optimum(const Valuation& valuation, double known, unsigned most_nodes);

} // namespace transom::affinity
