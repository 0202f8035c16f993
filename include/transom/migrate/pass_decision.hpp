// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <transom/migrate/pass_meter.hpp>

namespace transom::migrate {

enum class CopyMode : std::uint8_t { hybrid, pre_copy, post_copy };

constexpr std::uint32_t default_downtime_ms = 300, longest_downtime_ms = 5'000;

/// What a user may set; the defaults are the design's.
struct DecisionLimits {
    CopyMode mode = CopyMode::hybrid;
    std::uint32_t downtime_ms = default_downtime_ms;
    std::uint32_t downtime_cap_ms = 2000; // never longer than this by our decision
    unsigned passes = most_passes;
    unsigned outrun_passes = 3;
    unsigned throttle_step = 10, throttle_most = 90; // percent of a virtual processor's time
};

struct Decision {
    enum class Act : std::uint8_t {
        again,     // one more pass
        stop,      // what is left fits into the downtime
        throttle,  // the virtual processors that store most, then one more pass
        post_copy, // stop, and fetch what is left when it runs there
        give_up,   // it does not converge, and nothing may be done about it
    };
    Act act = Act::again;
    unsigned throttle = 0; // percent, from now on

    bool operator==(const Decision&) const = default;
};

constexpr std::uint64_t pages_in(std::uint64_t bandwidth, std::uint32_t milliseconds) {
    return bandwidth * milliseconds / 1000;
}

/// Whether a pass has to end although there is something to send: it takes longer than sending all of the memory twice.
constexpr bool pass_is_overlong(Ticks time, std::uint64_t pages, std::uint64_t bandwidth, Ticks frequency) {
    return bandwidth != 0 && time / 2 > pages * frequency / bandwidth;
}

/// What follows a pass; `slowed` is how much the partition is slowed down now.
constexpr Decision decide(const PassResult& pass, unsigned slowed, const DecisionLimits& limits) {
    using enum Decision::Act;
    const std::uint64_t in_stop = pass.left + pass.table, fits = pages_in(pass.bandwidth, limits.downtime_ms);
    if (in_stop <= fits)
        return {stop, slowed};
    if (limits.mode == CopyMode::post_copy)
        return {post_copy, slowed};
    const bool last = pass.pass >= limits.passes;
    // It stores faster than we send, or another pass would leave as much as this one.
    const bool stuck = pass.outrun >= limits.outrun_passes || (pass.pass > 1 && pass.predicted_left >= pass.left);
    if (!last && !stuck)
        return {again, slowed};
    // The page table goes in the stop whoever fetches the pages, and however slow the partition is: where only it is too much, neither helps.
    const bool by_pages = pass.left > fits;
    if (limits.mode == CopyMode::hybrid)
        return {by_pages ? post_copy : stop, slowed};
    if (!last && !by_pages && in_stop > pages_in(pass.bandwidth, limits.downtime_cap_ms))
        return {again, slowed};
    if (!last && by_pages && slowed < limits.throttle_most)
        return {throttle, std::min(slowed + limits.throttle_step, limits.throttle_most)};
    return {in_stop <= pages_in(pass.bandwidth, limits.downtime_cap_ms) ? stop : give_up, slowed};
}

} // namespace transom::migrate
