// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace transom::tool {

/// What the work in a partition has shown so far.
struct WorkReport {
    unsigned workers = 0;                ///< 0: there is none, and nothing to complain about
    unsigned processors_expected = 0;    ///< virtual ones
    unsigned processors_known = 0;       ///< by the partition's own account
    unsigned processors_that_ran = 0;    ///< after the move
    unsigned workers_that_went_on = 0;   ///< did something from its beginning to its end after the move
    std::uint64_t rounds = 0, wrong = 0; ///< since the work began

    std::vector<std::string> complaints() const;
};

/// How far the workers are, and how long each of the partition's processors has been busy, as the partition prints it.
struct WorkState {
    struct Worker {
        std::uint64_t rounds = 0, wrong = 0;
    };
    std::vector<Worker> workers;
    std::vector<std::uint64_t> busy; ///< for each processor, in ticks of /proc/stat

    /// Lines "work ROUNDS WRONG" and those of /proc/stat for each processor; others, as the kernel's own, are left out.
    static WorkState parse(std::string_view text);

    std::uint64_t rounds() const;
    std::uint64_t wrong() const;
    /// How many workers have begun and ended a round since `before`, and how many processors have done anything.
    unsigned workers_on_since(const WorkState& before) const;
    unsigned processors_on_since(const WorkState& before) const;
};

/// Work in the Linux partition while it moves: a worker for each virtual processor, which copies a random file whose sum was
/// taken before, sums the copy, and adds numbers that come through pipes.
class GuestWork {
  public:
    explicit GuestWork(unsigned workers) : workers_(workers) {}

    void start(Machine& machine, Clock::time_point until) const;
    /// Waits until each worker has gone on and each processor has run, or until time is up: the report tells.
    WorkReport check(Machine& machine, Clock::time_point until) const;
    /// Ends it; the last numbers go into the report.
    void stop(Machine& machine, WorkReport& report, Clock::time_point until) const;

  private:
    WorkState look(Machine& machine, Clock::time_point until) const;

    unsigned workers_;
};

} // namespace transom::tool
