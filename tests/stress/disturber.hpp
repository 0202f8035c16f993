// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "guest.hpp"
#include <transom/partition/dispatcher.hpp>

namespace transom::stress {

/// What the hypervisor's own tasks do to partitions, from the boot processor: they are built, suspended and resumed as by a
/// move, looked at, typed to, and taken away when they have ended.
class Disturber final : public partition::Task {
  public:
    static constexpr std::size_t homes = 3;
    static constexpr std::uint32_t vcpus = 4;

    Disturber(partition::Dispatcher& dispatcher, std::uint64_t seed, unsigned rounds)
        : dispatcher_(dispatcher), seed_(seed), random_(seed, 1000), rounds_(rounds) {}

    std::uint64_t run() override;
    bool done() const { return rounds_ == 0; }
    /// All partitions end. Others go on with what they run.
    void end();

    Home& home(std::uint32_t lpid) { return homes_[lpid - 1].home; }
    /// Everybody sleeps: nobody who runs has something to run for.
    void check_nobody_is_forgotten(std::uint64_t now);

    struct Tally {
        std::uint64_t built = 0, ended = 0, held = 0, typed = 0, turns = 0, calls = 0;
    };
    const Tally& tally() const { return tally_; }

  private:
    enum class Phase : std::uint8_t { absent, running, leaving, held };
    struct Place {
        Home home;
        Phase phase = Phase::absent;
    };
    void build(std::size_t index);
    void disturb(Place& place);
    static bool is_stuck(partition::Partition& partition);
    void look_at(Place& place);
    void hold(Place& place);
    void resume(Place& place);
    void reap(Place& place);
    void take_away(Place& place);

    partition::Dispatcher& dispatcher_;
    std::uint64_t seed_;
    Random random_;
    unsigned rounds_;
    std::array<Place, homes> homes_;
    Tally tally_;
};

} // namespace transom::stress
