// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <transom/base/address.hpp>

namespace transom::migrate {

// How long a side waits for the other before it treats the connection as broken; docs/stream.md.
constexpr std::uint64_t first_record_limit_s = 10;
constexpr std::uint64_t silence_limit_s = 30;
// How long a partition stands still before it is handed over, where it was copied while it ran.
constexpr std::uint64_t stop_limit_s = 10;
// How long a move may not get on before its partition is stopped, however alive both sides are; and less of its memory than this in that time is
// not getting on.
constexpr std::uint64_t stuck_limit_s = 60;
constexpr Bytes stuck_least = mib(1);
// What the target may take for each such piece of the partition's memory, beside that, until it agrees: it scrubs it.
constexpr Bytes scrubbed_in_a_second = mib(16);
// Of a channel, whose pages can go another way meanwhile.
constexpr std::uint64_t channel_silence_limit_s = 5;
// How often a second it is announced that a partition runs here, as long as its move is not complete.
constexpr std::uint64_t announcements_a_second = 4;

/// All times of a move, in ticks of the machine's time base.
struct Limits {
    /// `frequency`: ticks in a second.
    constexpr explicit Limits(std::uint64_t frequency)
        : first_record(first_record_limit_s * frequency), silence(silence_limit_s * frequency),
          stop(stop_limit_s * frequency), stuck(stuck_limit_s * frequency), step(frequency / 2000),
          receive(frequency / 5000), channel_silence(channel_silence_limit_s * frequency),
          channel_stop_silence(frequency / 2) {}

    std::uint64_t first_record;
    std::uint64_t silence;
    /// Twice what anybody who lets it move while it runs may have it stand still for.
    std::uint64_t stop;
    std::uint64_t stuck;
    /// How long a session works before virtual processors and other tasks have their turn: 500 us,
    std::uint64_t step;
    /// and when the network calls it: 200 us.
    std::uint64_t receive;
    /// How long a channel may be silent, and while the partition stands still: 500 ms.
    std::uint64_t channel_silence, channel_stop_silence;
};

} // namespace transom::migrate
