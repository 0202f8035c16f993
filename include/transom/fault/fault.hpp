// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <transom/migrate/progress.hpp>
#include <transom/migrate/record.hpp>

// Faults that a test has this machine make in the migration streams that leave it. Only the image transom-faults.bin has any of this.

namespace transom::fault {

enum class Action : std::uint8_t {
    corrupt,  // a bit of the record is flipped
    truncate, // half of the record is sent, and the connection ends in order
    cut,      // the same, and the connection is reset
    hold,     // the record stays here, and nothing passes in either direction, until that is taken back
};

/// By its name in orders.
std::optional<Action> action(std::string_view name);

/// Where in this machine: to what the sessions say, before it is sealed, or to what TLS makes of it.
enum class Layer : std::uint8_t { stream, sealed };

/// What is to happen to the `nth` record of this type that is sent from now on, counted from 1, over all connections: in that phase of the move, or in all of it.
struct Fault {
    std::uint16_t record = 0;
    std::uint64_t nth = 1;
    Action action{};
    std::optional<migrate::MoveState> phase{};
};

/// Who knows how far the move is at this end.
class Phases {
  public:
    virtual migrate::MoveState phase() const = 0;

  protected:
    ~Phases() = default;
};

/// On which connection a record is sent.
struct Way {
    bool channel = false;    // one that carries pages only, as its first record says
    unsigned connection = 1; // of those that were made or taken since the counting began, from 1
};

enum class FaultState : std::uint8_t { none, armed, happened };

std::string_view name(FaultState state);

/// The fault that is ordered, and the count of what is sent. One for all connections of a machine.
class FaultPlan {
  public:
    static constexpr std::size_t record_types = 32;

    /// Without, all is counted as of MoveState::none. It outlives this.
    void follow(const Phases& phases) { phases_ = &phases; }
    /// In the place of the last one. Counting begins anew.
    void arm(const Fault& fault);
    /// Takes the last one back: what is held goes on.
    void disarm() { arm_state(FaultState::none); }
    FaultState state() const { return state_; }
    /// How many records of this type were sent since the counting began.
    std::uint64_t sent(std::uint16_t record) const;
    std::uint64_t sent(std::uint16_t record, migrate::MoveState phase) const;

    /// A record is about to be sent. The action that is due at it, if one is.
    std::optional<Action> at(std::uint16_t record, Way way);
    /// Where the fault that happened was, and in which phase.
    Way way() const { return way_; }
    migrate::MoveState phase() const { return phase_; }
    bool holds() const { return state_ == FaultState::happened && fault_.action == Action::hold; }
    unsigned next_connection() { return ++connections_; }

  private:
    static constexpr std::size_t phases = static_cast<std::size_t>(migrate::MoveState::checked) + 1;

    void arm_state(FaultState state);

    const Phases* phases_ = nullptr;
    Fault fault_;
    FaultState state_ = FaultState::none;
    Way way_;
    migrate::MoveState phase_ = migrate::MoveState::none;
    unsigned connections_ = 0;
    std::array<std::array<std::uint64_t, record_types>, phases> sent_{};
};

} // namespace transom::fault
