// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <transom/migrate/limits.hpp>
#include <transom/migrate/source_channel.hpp>
#include <transom/migrate/source_pages.hpp>

namespace transom::migrate {

/// The channels of the partition that moves away: they are made one after the other, so that the target is not taken for attacked, and each
/// page goes by the next that has room. Where one breaks, its pages are owed again.
class SourceChannels {
  public:
    static constexpr std::size_t capacity = max_connections - 1;

    /// `frequency`: of the time base, in Hz.
    explicit SourceChannels(std::uint64_t frequency)
        : silence_(Limits(frequency).channel_silence), stop_silence_(Limits(frequency).channel_stop_silence) {}

    /// Makes up to so many. `pages` is told what a broken one owes.
    void begin(const ChannelRoute& route, unsigned wanted, SourcePages& pages);
    /// Ends all of them; nothing is owed because of that.
    void end(bool in_order);
    /// `stands_still`: the partition runs nowhere, and who is silent is waited for less long.
    void step(std::uint64_t now, bool stands_still);

    bool any() const { return open() != 0; }
    unsigned open() const;
    /// So many that were open have broken, in this move.
    unsigned lost() const { return lost_; }
    bool has_room() const;
    /// Whether this page is on its way by one of them.
    bool carries(PageIndex page) const;
    /// Pages that were owed again, in this move.
    std::uint64_t owed_again() const { return owed_again_; }
    /// One that takes a page now: the one with that number if it does, else in turn.
    SourceChannel* ready(std::optional<std::uint32_t> preferred = {});
    /// From 0.
    std::uint32_t number_of(const SourceChannel& channel) const {
        return static_cast<std::uint32_t>(&channel - channels_.data());
    }
    /// All pages that they were given are at the target, or are owed again.
    bool all_received() const;
    std::uint64_t bytes() const;
    /// A new move begins.
    void reset();

  private:
    void reap(std::size_t index);

    std::array<SourceChannel, capacity> channels_;
    std::uint64_t silence_, stop_silence_;
    ChannelRoute route_;
    SourcePages* pages_ = nullptr; // while there are any
    std::size_t wanted_ = 0, begun_ = 0;
    unsigned lost_ = 0;
    std::uint64_t owed_again_ = 0;
    std::size_t turn_ = 0;
};

} // namespace transom::migrate
