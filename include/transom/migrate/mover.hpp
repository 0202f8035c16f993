// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <transom/memory/frames.hpp>
#include <transom/migrate/announcer.hpp>
#include <transom/migrate/answers.hpp>
#include <transom/migrate/arrivals.hpp>
#include <transom/migrate/arriving_pages.hpp>
#include <transom/migrate/copy_room.hpp>
#include <transom/migrate/leaving.hpp>
#include <transom/migrate/move_digests.hpp>
#include <transom/migrate/move_options.hpp>
#include <transom/migrate/recovery.hpp>
#include <transom/migrate/source_session.hpp>
#include <transom/migrate/target_session.hpp>
#include <transom/migrate/tracked_pages.hpp>
#include <transom/partition/roster.hpp>

namespace transom::migrate {

/// Who wants to know that partitions come and go.
class MoveObserver {
  public:
    /// What it is started from, to be sent with it; of size 0 where there is none.
    virtual DefinitionToSend definition_of(const partition::Partition& partition) = 0;
    /// All of that has been read, and has that digest.
    virtual void definition_read(const partition::Partition& partition, std::uint64_t digest) = 0;
    /// Room for the definition of a partition that is on its way here; none where it has none, or it is here. It is given back by
    /// not_arrived(), or kept from arrived() on.
    virtual std::expected<std::span<std::byte>, Failure> expect(const PartitionShape& shape) = 0;
    /// All of it is there. The error says why nothing can be started from it.
    virtual std::expected<void, Failure> define(const partition::Partition& partition, std::uint64_t digest) = 0;
    /// What was expected does not come.
    virtual void not_arrived() = 0;
    /// It is about to run here.
    virtual void arrived(partition::Partition& partition) = 0;
    /// Whether a partition of that name cannot come, though none of that name is here.
    virtual bool name_is_taken(std::string_view name) const = 0;
    /// It runs elsewhere, and is about to be scrubbed here.
    virtual void left(partition::Partition& partition) = 0;

  protected:
    ~MoveObserver() = default;
};

/// Moves partitions of this machine away and takes in those that arrive: the two sessions over the machine's partitions
/// and memory, as a task of the dispatcher. One move at a time in each direction.
class Mover final : public partition::Task, private SourceControl, private TargetControl, private DoubtControl {
  public:
    Mover(partition::Roster& roster, memory::Frames& frames, const MachineFacts& facts, MoveObserver& observer);

    /// From now on `announcer` hears of each partition that goes on here: when it starts after its hand-over, until all of it is here
    /// several times a second, and when it is resumed because it was not handed over. It outlives this.
    void announce_by(Announcer& announcer) { announcer_ = &announcer; }
    /// From now on partitions may arrive by the link, at migration_port, and questions at the port after it.
    std::expected<void, net::StreamError> listen(net::Network& network);
    /// Begins to move a partition away.
    std::expected<void, Failure> move(net::Network& network, std::string_view name, net::Ipv4Address target,
                                      std::uint16_t port, const MoveOptions& options);
    /// Ends the move in progress, away from here or to here. False: too late, or there is none.
    bool cancel() { return source_.cancel() || target_.cancel(); }
    /// Asks the target of a partition that is in doubt, or cut off from the rest of its memory, at once: recovery() tells what comes of it.
    std::expected<void, Failure> recover(std::string_view name);
    Recovery recovery(std::string_view name) const;
    /// Ends the doubt without asking: it is the operator's assertion that the target is dead and who has the partition, and nothing here can
    /// check it.
    std::expected<void, Failure> force(std::string_view name, Owner owner);
    /// Whether this partition is on its way to or from here.
    bool moves(const partition::Partition& partition) const {
        return partition.state == partition::PartitionState::empty || source_.moves(partition) ||
               leaving_.is(partition) || (completes(partition) && target_.busy());
    }
    /// Whether it runs here, and some of its memory is still to come.
    bool completes(const partition::Partition& partition) const { return target_.completes(partition); }
    /// Whether how a move to here has ended is still to be said to its source: for silence_limit_s at most. It would have its partition, or be
    /// in doubt, for ever if this machine ended before.
    bool owes_word() const;
    /// To be called before a partition that has ended is destroyed.
    void ended(const partition::Partition& partition) {
        source_.ended(partition);
        target_.ended(partition);
    }

    /// Of the move that is in progress or, when there is none, was last. Who was turned away at once counts where there was no other.
    const Progress& progress() const;
    /// The digests of the last completed move, if it was that partition's; empty otherwise.
    std::span<const std::uint64_t> digests(std::string_view name) const { return digests_.of(name); }
    Bytes digest_granule() const { return digests_.granule(); }

    std::uint64_t run() override;

  private:
    void announce(partition::Partition& partition);
    void announce_again();
    void keep_doubted();
    std::expected<partition::Partition*, Failure> find_doubted(std::string_view name) const;
    std::uint64_t doubt_now() override { return now(); }
    void decided(const Doubt& doubt, Owner owner) override;
    std::uint64_t now() override;
    std::expected<Headway, Failure> track(partition::Partition& partition, PageStateTable& pages) override;
    Headway watch(partition::Partition& partition) override;
    void untrack(partition::Partition& partition) override;
    bool suspend(partition::Partition& partition) override;
    void resume(partition::Partition& partition) override;
    void release(partition::Partition& partition, bool whole) override;
    void let_go(partition::Partition& partition);
    void definition_read(const partition::Partition& partition, std::uint64_t digest) override;
    std::expected<Arrival, Failure> create(const PartitionShape& shape) override;
    std::expected<bool, Failure> prepare(partition::Partition& partition, bool post_copy,
                                         std::uint64_t budget) override;
    std::expected<void, Failure> define(const partition::Partition& partition, std::uint64_t digest) override;
    void start(partition::Partition& partition) override;
    void start_early(partition::Partition& partition, PageArrivals& pages) override;
    void complete(partition::Partition& partition, bool whole) override;
    static bool has_table_before(partition::Partition& partition);
    std::expected<void, Failure> take_second_table(partition::Partition& partition);
    std::expected<void, Failure> check_second_table(partition::Partition& partition);
    std::expected<bool, Failure> prepare_second_table(partition::Partition& partition, std::uint64_t budget);
    void discard(partition::Partition& partition) override;

    bool has_second_table(const partition::Partition* which);
    std::expected<void, Failure> check_drained(const partition::Partition* last);
    bool is_in_progress() const {
        // Who is connected and has not said what for is in nobody's way.
        return source_.progress().in_progress() || leaving_.busy() || (target_.busy() && !target_.awaits_hello()) ||
               target_.progress().in_progress();
    }

    partition::Roster& roster_;
    memory::Frames& frames_;
    std::uint64_t step_ticks_, frequency_;
    MoveObserver& observer_;
    Announcer* announcer_ = nullptr;
    std::uint64_t next_announcement_ = 0;
    MoveDigests digests_;
    Leaving leaving_{digests_};
    TrackedPages pages_;
    CopyRoom copies_;
    ArrivingPages arriving_;
    SourceSession source_;
    TargetSession target_;
    Arrivals arrivals_{target_};
    Answers answers_{target_.outcomes()};
    Doubts doubts_{*this, frequency_};
};

} // namespace transom::migrate
