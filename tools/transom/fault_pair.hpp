// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fault_oracle.hpp"
#include "machine_pair.hpp"
#include "moving_guest.hpp"

namespace transom::tool {

/// Longer than a machine waits for one that is silent, and asks it again.
constexpr auto fault_cell_limit = std::chrono::seconds(120);

/// Two machines whose image makes faults on orders, and a partition that moves between them: what there is to say to them and to be heard of them.
class FaultPair {
  public:
    explicit FaultPair(const MigrateOptions& options, Clock::time_point until);

    /// Both anew, with the partition at what is then the source.
    void start();
    PairedMachine& at(End end) { return pair_[end == End::source ? here_ : 1 - here_]; }
    Machine& machine(End end) { return *at(end).machine; }
    ManagementClient& management(End end) { return *at(end).management; }
    MovingGuest& guest() { return *guest_; }
    /// The partition is at the other one: that is the source from now on.
    void turn() { here_ = 1 - here_; }
    /// With SIGKILL.
    void kill(End end);
    void check_running();

    /// Begins a move from source to target, as the options have it. It waits where the last one's page tables are still being put together.
    void order_move();
    Fields migration(End end) { return demand(end, "migration").result(); }
    /// The state of the partition there; empty where it is not, or only its definition.
    std::string partition(End end);
    /// Bytes that are free, or will be when they have been scrubbed.
    std::uint64_t free_memory(End end);

    /// Partitions there that have a second page table at the moment: while they are tracked, or put theirs together.
    std::uint64_t second_tables(End end) { return demand(end, "report").counter("t2_active"); }

    void arm(const FaultCell& cell) { demand(cell.sender, cell.order()); }
    bool has_happened(const FaultCell& cell);
    Happened happened(const FaultCell& cell);
    void disarm(End end);
    /// What both have sent since they were disarmed last.
    MoveCounts counts();

    Clock::time_point until() const { return until_; }
    /// Until when one cell may take.
    Clock::time_point enough() const { return std::min(until_, Clock::now() + fault_cell_limit); }
    const std::string& mode() const { return mode_; }
    /// Where the user wants them; `which` is in the names of the files.
    std::string keep_consoles(std::string_view which) { return pair_.keep_consoles(which); }

  private:
    Answer demand(End end, std::string_view request);
    Fields state_of(const FaultCell& cell);

    const MigrateOptions& options_;
    Clock::time_point until_;
    std::unique_ptr<MovingGuest> guest_;
    ManifestFile manifest_;
    MachinePair pair_;
    std::size_t here_ = 0; ///< whose partition it is
    std::string mode_;
};

/// Over, or never begun.
bool is_over(std::string_view state);

} // namespace transom::tool
