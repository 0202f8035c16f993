// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <transom/migrate/limits.hpp>
#include <transom/migrate/target_channel.hpp>

namespace transom::migrate {

/// Whoever connects while a partition arrives: its source's channels, and up to four at a time that have not said what they are. One more,
/// and the oldest of those has to go.
class TargetChannels {
  public:
    static constexpr std::size_t capacity = max_connections - 1;

    /// `frequency`: of the time base, in Hz.
    TargetChannels(ChannelUser& user, std::uint64_t frequency) : user_(user), limits_(frequency) {}

    net::StreamHandler* accepted(net::ByteStream& stream);
    /// Ends those that have joined.
    void end();
    /// True: there is more to do at once.
    bool step();
    unsigned joined() const;
    std::uint64_t bytes() const;
    /// A new move begins.
    void forget_bytes();

  private:
    ChannelUser& user_;
    Limits limits_;
    static constexpr std::size_t strangers = 4;
    std::array<TargetChannel, capacity + strangers> places_;
};

} // namespace transom::migrate
