// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <transom/migrate/record.hpp>
#include <transom/net/byte_stream.hpp>

namespace transom::migrate {

/// What became of a partition that had arrived here.
enum class MoveOutcome : std::uint8_t {
    destroyed, // without having run
    ran,       // it runs here, or did
};

/// How the last moves to this machine have ended, for sources that have not heard of it, and for nobody else. An older one is forgotten, and then nobody but an
/// operator can say.
class MoveOutcomes {
  public:
    static constexpr std::size_t capacity = 16;

    /// From `now` on, in ticks, its source can ask. For one that is noted already that begins again.
    void note(const AgainRecord& move, net::PeerKey source, MoveOutcome outcome, std::uint64_t now) {
        const std::size_t before = place_of(move, source);
        entries_[before != capacity ? before : next_++ % capacity] = Entry{move, source, outcome, now, false};
    }
    /// Its source has heard how it ended.
    void heard(const AgainRecord& move, net::PeerKey source) {
        if (const std::size_t place = place_of(move, source); place != capacity)
            entries_[place]->heard = true;
    }
    /// Nothing: no such move is remembered, as after a restart of this machine.
    std::optional<MoveOutcome> find(const AgainRecord& move, net::PeerKey source) const {
        const std::size_t place = place_of(move, source);
        return place != capacity ? std::optional(entries_[place]->outcome) : std::nullopt;
    }
    /// Whether there is one whose source may not have heard of it, and has not had `limit` ticks to ask.
    bool any_unheard(std::uint64_t now, std::uint64_t limit) const {
        return std::ranges::any_of(entries_, [&](const auto& e) { return e && !e->heard && now - e->since < limit; });
    }

  private:
    struct Entry {
        AgainRecord move;
        net::PeerKey source;
        MoveOutcome outcome;
        std::uint64_t since;
        bool heard;
    };

    /// Where it is among the entries; capacity: it is not.
    std::size_t place_of(const AgainRecord& move, net::PeerKey source) const {
        const auto at = std::ranges::find_if(entries_, [&](const auto& e) {
            return e && e->source == source && e->move.name == move.name && e->move.stopped_at == move.stopped_at;
        });
        return static_cast<std::size_t>(at - entries_.begin());
    }

    std::array<std::optional<Entry>, capacity> entries_;
    std::size_t next_ = 0;
};

} // namespace transom::migrate
