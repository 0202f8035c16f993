// SPDX-License-Identifier: Apache-2.0
#include "time_limit.hpp"

namespace transom::tool {
namespace {

constexpr double longest_s = 1e9; // thirty years, which can still be added to what the clock says

} // namespace

Clock::duration duration_of(double seconds) {
    // Not a number is no limit either.
    const double limited = seconds < longest_s ? seconds : longest_s;
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(limited));
}

Clock::duration time_limit(const MachineOptions& options, Clock::duration usual) {
    return options.timeout_s > 0 ? duration_of(options.timeout_s) : usual;
}

} // namespace transom::tool
