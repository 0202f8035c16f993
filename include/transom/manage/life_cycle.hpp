// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <transom/manage/definitions.hpp>
#include <transom/migrate/mover.hpp>
#include <transom/partition/roster.hpp>

namespace transom::manage {

/// Who wants to know that partitions begin and end here.
class LifeObserver {
  public:
    /// It is built and about to run: by an operator's order, or `anew` in the place where it was before.
    virtual void starting(partition::Partition& partition, bool anew) = 0;
    /// It does not run any more, and is about to be given back.
    virtual void ending(partition::Partition& partition) = 0;
    /// It has come from another machine, and is about to run.
    virtual void arrived(partition::Partition& partition) = 0;

  protected:
    ~LifeObserver() = default;
};

/// The life of a machine's partitions, by an operator's orders and by what they do themselves: docs/manage.md. A definition stays when
/// its partition ends, and goes with it when it moves. As a task it builds what has been
/// ordered to start, and scrubs what has been given back, both a little at a time.
class LifeCycle final : public partition::Task, public migrate::MoveObserver {
  public:
    /// Everything outlives it; the mover, whose observer it is, may be made after it. `runs_partitions`: false on a machine that cannot.
    LifeCycle(partition::Roster& roster, memory::Frames& frames, migrate::Mover& mover, LifeObserver& observer,
              bool runs_partitions)
        : roster_(roster), frames_(frames), mover_(mover), observer_(observer), definitions_(frames),
          runs_partitions_(runs_partitions) {}

    Definitions& definitions() { return definitions_; }

    /// An operator's bundle: as in Definitions.
    std::expected<std::span<std::byte>, Refusal> reserve(Bytes size);
    std::expected<std::size_t, Refusal> define(std::span<std::byte> memory);
    void drop(std::span<std::byte> memory);

    /// Orders of an operator. What a `force` overrules is said by the refusal without it. What has to be built is under way afterwards,
    /// and can be stopped, reset or removed meanwhile.
    Done start(std::string_view name, bool force);
    Done stop(std::string_view name, bool force);
    Done reset(std::string_view name);
    Done remove(std::string_view name);

    /// What has become of a start or reset; nothing while it is under way.
    std::optional<Done> started(std::string_view name);

    /// Builds a partition from its definition and lets it run, all at once: for a machine on which nothing runs yet.
    std::expected<void, partition::CreateError> start_at_once(Definition& definition);
    /// Takes apart a partition that has ended of its own will, or starts it anew where it asked for that.
    void ended(partition::Partition& partition);
    /// An operator waits for what becomes of an order, and has the answer.
    void operator_waits() { ++waiting_; }
    void operator_answered();
    /// Whether partitions have ended of their own will since an operator last had a hand in it, and nothing is left that could go on, or is
    /// on its way here, and nobody waits for an answer, which takes a moment to get out, nor a source for word of what it has moved here.
    bool over() const;

    migrate::DefinitionToSend definition_of(const partition::Partition& partition) override;
    void definition_read(const partition::Partition& partition, std::uint64_t digest) override;
    std::expected<std::span<std::byte>, migrate::Failure> expect(const migrate::PartitionShape& shape) override;
    std::expected<void, migrate::Failure> define(const partition::Partition& partition, std::uint64_t digest) override;
    void not_arrived() override;
    void arrived(partition::Partition& partition) override;
    bool name_is_taken(std::string_view name) const override;
    void left(partition::Partition& partition) override;

    std::uint64_t run() override;

  private:
    Done may_order(const partition::Partition& partition) const;
    std::expected<partition::Partition*, Refusal> find_here(std::string_view name);
    std::expected<Definition*, Refusal> find_definition(std::string_view name);
    void abandon(partition::Partition& partition);
    void begun(const Definition& definition);
    void let_run(partition::Partition& partition);

    partition::Roster& roster_;
    memory::Frames& frames_;
    migrate::Mover& mover_;
    LifeObserver& observer_;
    Definitions definitions_;
    tree::BundleOfOne leaving_;            // of the partition that moves away
    std::span<std::byte> arriving_;        // room for the definition of the one that comes,
    migrate::DefinitionShape arriving_is_; // and what that is to be
    bool runs_partitions_;
    bool one_has_ended_ = false;
    std::uint32_t uploads_ = 0;         // bundles for which memory is reserved
    std::uint32_t waiting_ = 0;         // operators for an answer,
    std::uint64_t answered_at_ = 0;     // and when the last of them got it
    std::uint64_t next_of_its_own_ = 0; // when who starts itself anew may have some time again
};

} // namespace transom::manage
