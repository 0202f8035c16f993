// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <transom/base/intrusive_list.hpp>
#include <transom/base/static_vector.hpp>

namespace transom::partition {

/// Whose the processors are that a partition's virtual processors run on. LoPAR "Dedicated Processor Cycle Donation".
enum class Processors : std::uint8_t {
    shared,    ///< all partitions'
    dedicated, ///< each virtual processor has one of its own
    donating,  ///< the same, and lends it to the others while it waits, where the partition allows that
};

/// What a partition is to get of the processors. LoPAR "Shared Processor LPAR Option".
struct CapacityClaim {
    std::uint32_t entitled = 5; ///< hundredths of a processor that it gets in each dispatch window if it wants them
    std::uint8_t weight = 128;  ///< its part of what nobody is entitled to, against the others' weights; 0: none
    bool capped = false;        ///< never more than it is entitled to
    Processors processors = Processors::shared;

    bool takes_excess() const { return !capped && weight != 0; }
    bool dedicated() const { return processors != Processors::shared; }
};

struct PoolMember;
struct Vcpu;

/// A virtual processor as the pool sees it.
struct Contender {
    enum class State : std::uint8_t { waits, ready, runs };

    Vcpu* vcpu = nullptr; ///< whose it is: nothing that the pool looks at
    PoolMember* member = nullptr;
    State state = State::waits;
    bool on_excess = false;        ///< runs: on what it is not entitled to
    std::uint64_t ready_since = 0; ///< the order among equals
    /// Ready: since when nothing but the lack of a free processor keeps it waiting; `never` where its partition has used up
    /// what it may have in this window. Runs: of the wait that ended with this turn.
    std::uint64_t queued_since = 0;
    std::uint64_t granted = 0;   ///< runs: ticks, already taken from its member's account
    std::uint64_t window = 0;    ///< runs: in which they were granted
    Contender* lender = nullptr; ///< runs: whose processor this is, unless it is everybody's
    std::uint8_t node = 0;       ///< of the machine, on which it had best run

    // Of a partition with dedicated processors.
    std::uint32_t home = anywhere; ///< the processor that it has for itself
    bool lends = false;            ///< waits: others may use it meanwhile,
    std::uint64_t lends_from = 0;  ///< from then on: it took its processor back too soon
    std::uint64_t lent = 0;        ///< ticks that others have used it since it ran
    std::uint64_t lent_since = 0;  ///< when the last of them began

    static constexpr std::uint32_t anywhere = ~std::uint32_t{0};

    static constexpr std::uint64_t never = ~std::uint64_t{0};
};

constexpr std::size_t max_contenders = 8;

/// A partition as the pool sees it: its account.
struct PoolMember {
    CapacityClaim claim;
    StaticVector<Contender*, max_contenders> contenders;
    std::int64_t budget = 0;    ///< ticks of its entitlement that are left in this window; below 0 it owes them
    std::uint64_t consumed = 0; ///< ticks beyond its entitlement, divided by its weight
    std::atomic<std::uint64_t> used = 0; ///< ticks that its contenders have run, ever
    PoolMember* next = nullptr;          ///< in the pool
};

/// A virtual processor's turn on a processor.
struct Turn {
    Contender* contender;
    std::uint64_t ticks;    ///< at most; above 0
    std::uint64_t lent = 0; ///< that others have run on its own processor since it ran there
};

/// Decides who runs next on the processors that partitions share, and for how long. In each dispatch window first come those
/// whose partition still has some of its entitlement, one after the other; what is left over goes to the partitions that take
/// excess, by their weights. Entitlement that is not used in its window is gone, but for what others kept those from who wanted it;
/// ticks that were run beyond a turn are owed. Who has a processor of its own has it whenever it wants it. Of those who could have a processor
/// one that is at home on its node comes before one that is not and would have come a turn earlier, at most.
///
/// Knows processors by their numbers only, and no clocks: `now` and all times are ticks of any clock that goes forward. Who calls holds a lock.
class SharedPool {
  public:
    /// `window`: length of the dispatch window; `quantum`: the longest turn. Both in ticks.
    SharedPool(std::uint64_t window, std::uint64_t quantum) : window_(window), quantum_(quantum) {}

    /// On which node of the machine each processor is, by its number; of those that are not in it everybody is at home.
    void set_nodes(std::span<const std::uint8_t> of_processor);
    /// They stay where they are until they are removed, and its contenders wait then.
    void add(PoolMember& member, std::uint64_t now);
    void remove(PoolMember& member);

    /// A contender that waited wants to run.
    void ready(Contender& contender, std::uint64_t now);
    /// The next turn on that processor, of at most `longest` ticks: its contender runs until ran(). Nothing where nobody may run now.
    std::optional<Turn> next(std::uint64_t now, std::uint64_t longest = ~std::uint64_t{0},
                             std::uint32_t processor = Contender::anywhere);
    /// Whether next() would give a turn at the same time on a processor that is nobody's.
    bool has_turn() const;
    /// Who has that processor for itself; null where it is everybody's.
    Contender* owner_of(std::uint32_t processor) const;
    /// Whether others may run on an owner's processor, who waits and will not want it back for so many ticks. A short loan costs who
    /// runs there more than it gives him; who takes his processor back too soon lends it no more in that window.
    bool may_borrow(const Contender& owner, std::uint64_t now, std::uint64_t ticks) const {
        return owner.lends && owner.lends_from <= now && ticks >= shortest_loan();
    }
    /// The turn is over after `ticks`; `wants_more`: it is ready again, behind its equals.
    void ran(Contender& contender, std::uint64_t ticks, bool wants_more, std::uint64_t now);
    /// The same, and what is left of the turn goes to another contender of the same partition, which is ready; or stays with
    /// `from`, where that is `to` and wants more. Nothing where too little is left.
    std::optional<Turn> hand_over(Contender& from, std::uint64_t ticks, bool wants_more, Contender& to,
                                  std::uint64_t now);
    /// A ready contender does not want to run any more (its partition was stopped).
    void withdraw(Contender& contender);

    /// When next() may answer otherwise though nobody has become ready: the end of the window.
    std::uint64_t window_end() const { return window_begin_ + window_; }
    /// Ticks of a window that a claim is worth.
    std::uint64_t quota(const CapacityClaim& claim) const { return window_ * claim.entitled / 100; }

  private:
    bool is_at_home(const Contender& contender, std::uint32_t processor) const {
        return processor >= nodes_.size() || nodes_[processor] == contender.node;
    }
    std::uint64_t place_in_line(const Contender& contender, std::uint32_t processor) const;
    std::uint64_t claim_to_excess(const Contender& contender, std::uint32_t processor) const;
    Contender* first_in_line(const PoolMember& member, std::uint32_t processor) const;
    void roll(std::uint64_t now);
    bool may_run(const PoolMember& member) const;
    Turn begin(Contender& contender, std::uint64_t ticks, std::uint64_t now);
    void become_ready(Contender& contender, std::uint64_t now) const;
    std::int64_t carried_over(const PoolMember& member) const;
    void forget_what_was_not_taken(PoolMember& member) const;
    /// Less is not worth the switch.
    std::uint64_t shortest_loan() const { return quantum_ * 2 / 5; }
    std::int64_t shortest_turn() const { return static_cast<std::int64_t>(quantum_ / 20) + 1; }

    std::uint64_t window_, quantum_;
    std::uint64_t window_begin_ = 0, window_number_ = 0;
    /// Of what is taken beyond entitlements: never less than who took some last had taken. Who had taken less has not asked for it.
    std::uint64_t least_consumed_ = 0;
    IntrusiveList<PoolMember, &PoolMember::next> members_;
    StaticVector<std::uint8_t, 64> nodes_; // of processors
};

} // namespace transom::partition
