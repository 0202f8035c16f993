// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <transom/migrate/progress.hpp>
#include <transom/migrate/record.hpp>
#include <vector>

namespace transom::tool {

using migrate::MoveState;

enum class End : std::uint8_t { source, target }; ///< of a move
constexpr End other(End end) { return end == End::source ? End::target : End::source; }

/// Above TLS, or what TLS makes of it.
enum class Layer : std::uint8_t { stream, sealed };

constexpr std::uint16_t tls_handshake = 22, tls_data = 23; ///< types of what is sealed (RFC 5246, 6.2.1)

/// One record of a move, in one of its phases, and what happens when it is sent.
struct FaultCell {
    End sender{};
    MoveState phase{}; ///< that the sender is in
    Layer layer = Layer::stream;
    std::uint16_t record = 0; ///< 0: there is none, and it happens as soon as both ends say `completed`
    std::uint64_t nth = 1;    ///< of those in that phase; a handshake's piece, of those in the whole move
    std::string action{};     ///< as `fault do=` has it
    /// The machine that is killed while the record is held; only with `hold`.
    std::optional<End> victim{};
    /// Then the record goes on its way, to a machine that is dead.
    bool let_go = false;

    std::string text() const;
    std::string record_text() const;
    /// The order for the sender, `fault ...`.
    std::string order() const;
    bool is(migrate::RecordType type) const {
        return layer == Layer::stream && record == static_cast<std::uint16_t>(type);
    }
    bool outlasts() const { return action == "hold" && !victim; }
    /// Whether each such move has this record: then it is wrong if it is not sent.
    bool is_certain() const;
};

/// How many records of each type an end sends in a move, phase by phase. Those of handshakes are all of `connecting`.
using PhaseCounts = std::map<MoveState, std::map<std::uint16_t, std::uint64_t>>;

/// The same of both ends, by layer and end.
struct MoveCounts {
    std::array<std::array<PhaseCounts, 2>, 2> by_layer;

    PhaseCounts& of(Layer layer, End end) {
        return by_layer[static_cast<std::size_t>(layer)][static_cast<std::size_t>(end)];
    }
    const PhaseCounts& of(Layer layer, End end) const {
        return by_layer[static_cast<std::size_t>(layer)][static_cast<std::size_t>(end)];
    }
    /// What both moves had.
    MoveCounts in_both(const MoveCounts& other) const;
};

/// Each record of a (type, phase) up to `exhaustive` of them, else the first, the middle and the last, and of what is sealed up to `exhaustive_sealed`, with each fault that
/// leaves both machines alive.
std::vector<FaultCell> fault_cells(const MoveCounts& counts, std::uint64_t exhaustive, std::uint64_t exhaustive_sealed);
/// A record stays for longer than anybody waits, in each phase.
std::vector<FaultCell> hold_cells(const MoveCounts& counts);
/// One machine dies, in each phase: at the first record of those that mean something, in the middle of pages, and when the move is over.
std::vector<FaultCell> kill_cells(const MoveCounts& counts);

/// Every `parts`-th of them, from the `part`-th on (counted from 1).
std::vector<FaultCell> part_of(const std::vector<FaultCell>& cells, std::size_t part, std::size_t parts);

} // namespace transom::tool
