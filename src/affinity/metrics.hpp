// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/affinity/score.hpp>

namespace transom::affinity {

extern const Metric claimed_metric;
extern const Metric composite_metric;

} // namespace transom::affinity
