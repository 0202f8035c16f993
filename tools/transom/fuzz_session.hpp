// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fuzz_output.hpp"
#include "machine.hpp"
#include "shrink.hpp"

namespace transom::tool {

/// The fuzzing guest on one machine, which takes commands on its terminal. Everything throws Failure when the guest gives up,
/// the machine ends, or the time does.
class FuzzSession {
  public:
    FuzzSession(std::string name, const std::vector<std::string>& qemu_arguments, Clock::time_point until);

    const std::string& name() const { return machine_.name(); }
    /// "pft-shift=.. memory=..": what must be the same on both.
    std::string table();

    /// Starts `count` seeds of `operations` each, with a digest after every `every`; poll() until there are that many.
    void start(std::uint64_t first_seed, std::uint64_t count, std::uint64_t operations, std::uint64_t every);
    /// Whether all that was started is done. Waits a moment if not.
    bool poll();
    std::size_t finished() const { return runs_; }
    std::vector<FuzzRun> runs();
    double seconds() const { return seconds_; }

    /// What a run is for: `quick` looks at the crowded groups only when it ends, `whole` at the whole table, which takes longer
    /// than a thousand operations; `show` prints each operation, too.
    enum class Mode { quick, whole, show };
    /// Of the operations of a seed only these, or the first ones; then wait() for the run.
    void start_only(std::uint64_t seed, const Operations& operations, Mode mode);
    void start_first(std::uint64_t seed, std::uint64_t count, Mode mode);
    FuzzRun wait();

    /// For tests: a wrong answer on purpose. See Defect in tests/guests/fuzz/run.hpp.
    void set_defect(std::uint64_t seed, std::uint64_t operation);
    void power_off();

  private:
    void command(const std::string& line);
    void start_one(std::uint64_t seed, std::uint64_t count, Mode mode);
    void send(const std::string& line);
    void check();

    Machine machine_;
    Clock::time_point until_, started_;
    std::size_t begin_ = 0, looked_at_ = 0; // of the terminal's text
    std::size_t runs_ = 0, wanted_ = 0;
    double seconds_ = 0;
};

/// Most intervals of operations that the guest can be told to keep.
constexpr std::size_t most_intervals = 4096;

} // namespace transom::tool
