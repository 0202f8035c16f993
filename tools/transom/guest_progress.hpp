// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ticks.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace transom::tool {

/// What the guest `writer` has done by some moment: its line "writer: at=N units=N stores=N wrong=N".
struct ProgressSample {
    std::uint64_t at = 0; ///< its time base
    std::uint64_t units = 0, stores = 0;
    std::uint64_t wrong = 0; ///< looks at a page that found something else than had to be there
    Clock::time_point arrival;
};

/// Of both terminals together, which are one stream that goes on at the target.
std::vector<ProgressSample> collect_progress(const TerminalPart& source, const TerminalPart& target);

/// From when on the move was in a phase, as far as the host has seen it.
struct PhaseMark {
    std::string phase;
    Clock::time_point begin;
};

/// How fast the guest was in a phase: by its own time base, in samples that came in it, the phase's first moments left out.
struct PhaseProgress {
    std::string phase;
    double seconds = 0;          ///< of the guest's time that were looked at
    double units_per_second = 0; ///< of work
    double stores_per_second = 0;
    double slowdown = 0; ///< 0: as fast as in the first phase; 0.5: half as fast
};

/// `frequency`: of the time base. Phases in which too little came to be seen are left out; a phase that comes several times is one.
std::vector<PhaseProgress> progress_by_phase(const std::vector<ProgressSample>& samples,
                                             const std::vector<PhaseMark>& marks, std::uint64_t frequency);

nlohmann::ordered_json to_json(const std::vector<PhaseProgress>& phases);
std::string to_text(const std::vector<PhaseProgress>& phases);

} // namespace transom::tool
