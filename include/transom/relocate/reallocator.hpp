// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <transom/affinity/topology.hpp>
#include <transom/migrate/mover.hpp>
#include <transom/partition/dispatcher.hpp>
#include <transom/relocate/machine_plan.hpp>
#include <transom/relocate/reallocation.hpp>
#include <transom/relocate/relocation.hpp>
#include <transom/relocate/standing.hpp>

namespace transom::relocate {

/// What is asked for.
struct ReallocationRequest {
    static constexpr std::size_t max_named = 16;
    using Named = StaticVector<partition::Partition*, max_named>;

    partition::Partition* partition =
        nullptr; // for which it is made; null: for all, or for those in `requested`; then scores are the machine's
    Named requested{};                           // none of whom loses by it
    Named spared{};                              // stay where they are
    std::optional<affinity::Thresholds> worth{}; // only for a gain that is worth its cost: affinity::judge
    bool only_plan = false;                      // nothing moves
    bool by_itself = false;                      // that partition asks for it, and is told how it stands
    std::optional<affinity::NodeIndex> to{};     // all of that partition onto this node, whatever it gains
    std::uint64_t bandwidth = 0;                 // bytes of blocks that are copied in a second; 0: as many as can be

    bool asks(const partition::Partition& one) const { return &one == partition || has(requested, one); }
    bool spares(const partition::Partition& one) const { return has(spared, one); }

  private:
    static bool has(const Named& named, const partition::Partition& one) {
        return std::ranges::any_of(named, [&](const partition::Partition* each) { return each == &one; });
    }
};

/// The limit of what no operator has ordered: a partition's wish, and what is done after an arrival.
constexpr std::uint64_t unordered_bandwidth = 1'000'000'000;

/// Why a reallocation does not begin.
enum class RequestError : std::uint8_t {
    busy,         // there is one already
    no_nodes,     // nothing is known of the machine's nodes
    no_node,      // there is no such node
    stays,        // that partition does not run, or is being migrated
    is_protected, // it is to keep its place
};

/// Reallocates partitions among the nodes of the machine, as a task of the dispatcher: plans, then takes the plan's steps one by one while the
/// partitions run (section 4.4 of the design). One job at a time. It ends between two steps, wherever it ends, so everybody is always where he
/// may be.
class Reallocator final : public partition::Task {
  public:
    /// All of them outlive it.
    Reallocator(partition::Roster& roster, memory::Frames& frames, const affinity::Topology& topology,
                const migrate::Mover& mover, std::uint64_t timebase_frequency);

    std::expected<void, RequestError> request(const ReallocationRequest& request);
    /// A partition has come from another machine: when all of it is here, and nothing else is on its way, a plan is made for all, and carried out
    /// if it is worth it (R86).
    void arrived() { somebody_arrived_ = true; }
    /// What is on its way is given up, and no more of the plan is carried out. False: there is none.
    bool stop();
    const JobReport& report() const { return report_; }
    /// Else nothing can be asked of standing().
    bool knows_nodes() const { return topology_.nodes().count() != 0; }
    /// Where partitions are now.
    Standing& standing() { return standing_; }
    /// A plan is made or carried out, or the last partition that was moved is not all back on its first page table.
    bool under_way() const { return plan_.under_way() || relocation_.under_way(); }
    /// Whether blocks of this one are on their way: nobody else may move it.
    bool moves(const partition::Partition& partition) const { return relocation_.partition() == &partition; }
    /// Whether the last job ended within so many ticks before `now`.
    bool has_just_ended(std::uint64_t now, std::uint64_t ticks) const {
        return report_.ended_at != 0 && now - report_.ended_at < ticks;
    }
    /// Whether that partition has asked for what is on its way.
    bool works_for(const partition::Partition& partition) const {
        return plan_.under_way() && asked_.by_itself && asked_.partition == &partition;
    }
    /// Whether plans leave it where it is: it is to keep its place, or it cannot be moved now.
    bool stays(const partition::Partition& partition) const;
    /// Whether the plan for such a request leaves it there.
    bool plan_leaves(const partition::Partition& partition, const ReallocationRequest& request) const;
    /// Right before that partition is destroyed or made anew.
    void ended(const partition::Partition& partition);

    std::uint64_t run() override;

  private:
    void plan();
    std::uint64_t go_on();
    void tell();
    std::optional<affinity::Refusal> refusal_of(const affinity::Plan& plan) const;
    bool cannot_move(const partition::Partition& partition) const;
    std::optional<RequestError> check(const ReallocationRequest& request) const;
    std::optional<std::uint32_t> seconds_since_last_move(const partition::Partition& partition) const;
    void note_moves();
    void look_after_arrivals();
    void plan_directly(affinity::NodeIndex to);
    void count(std::span<const affinity::Step> steps);
    void begin_steps(std::span<const affinity::Step> steps);
    bool work();
    bool take_step();
    bool begins_exchange(std::size_t step) const;
    void move_homes(partition::Partition& partition, const affinity::Step& step);
    bool is_ready_for(partition::Partition& partition);
    std::optional<RealAddr> allocate_on(affinity::NodeIndex node, Bytes size, Bytes alignment, memory::FrameState as);
    void begin_relocation(partition::Partition& partition);
    bool move_block(partition::Partition& partition, const affinity::Step& step);
    bool move_table(const partition::Partition& partition, const affinity::Step& step);
    bool end_for_want_of_room();
    void fail(JobFailure why);
    void end(JobState how);
    std::optional<affinity::Score> score_now();

    partition::Roster& roster_;
    memory::Frames& frames_;
    const affinity::Topology& topology_;
    const migrate::Mover& mover_;
    std::uint64_t frequency_, step_ticks_;
    MachinePlan plan_;
    Relocation relocation_;
    RelocationCosts costs_before_, own_before_; // of the relocations that are over
    Standing standing_;
    ReallocationRequest asked_;
    std::size_t asked_index_ = 0; // in the plan
    StaticVector<affinity::Step, 2 * affinity::max_nodes + 1> direct_;
    std::span<const affinity::Step> steps_; // of the plan, or direct_
    std::size_t next_ = 0;                  // of them,
    std::uint32_t moved_ = 0;               // and how many of its blocks have moved
    std::uint64_t busy_since_ = 0;
    bool somebody_arrived_ = false;
    JobReport report_;
};

} // namespace transom::relocate
