// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

namespace transom::tool {

/// What a link does to the frames on it, each way by itself. The words are tc-netem's, and mean what they mean there.
struct LinkRules {
    using Time = std::chrono::nanoseconds;
    /// Nothing passes for so long, beginning so long after a move has been asked for.
    struct Cut {
        Time after{}, lasting{};
    };

    double loss = 0, duplicate = 0;    ///< of all frames, 0 to 1
    double reorder = 0;                ///< of all frames: they are not delayed, and so overtake those before them
    Time delay{}, jitter{};            ///< a frame is delayed by `delay`, up to `jitter` less or more
    std::uint64_t bits_per_second = 0; ///< 0: as many as there are
    std::size_t limit = 1000;          ///< frames under way; more are lost
    std::vector<Cut> cuts;
    std::uint64_t seed = 1; ///< of what is left to chance
};

/// "loss 1% duplicate 1% reorder 5% delay 5ms 1ms rate 100mbit limit 1000 cut 500ms for 3s seed 7": any of these, cut several
/// times. Throws Failure, with the word that it does not know or the value that is none.
LinkRules parse_link_rules(std::string_view text);

} // namespace transom::tool
