// SPDX-License-Identifier: Apache-2.0
#pragma once

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

    void note(const AgainRecord& move, net::PeerKey source, MoveOutcome outcome) {
        entries_[next_++ % capacity] = Entry{move, source, outcome};
    }
    /// Nothing: no such move is remembered, as after a restart of this machine.
    std::optional<MoveOutcome> find(const AgainRecord& move, net::PeerKey source) const {
        for (const std::optional<Entry>& entry : entries_)
            if (entry && entry->source == source && entry->move.name == move.name &&
                entry->move.stopped_at == move.stopped_at)
                return entry->outcome;
        return std::nullopt;
    }

  private:
    struct Entry {
        AgainRecord move;
        net::PeerKey source;
        MoveOutcome outcome;
    };
    std::array<std::optional<Entry>, capacity> entries_;
    std::size_t next_ = 0;
};

} // namespace transom::migrate
