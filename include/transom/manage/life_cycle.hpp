// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <transom/manage/definitions.hpp>
#include <transom/migrate/mover.hpp>
#include <transom/partition/roster.hpp>

namespace transom::manage {

/// Who wants to know that partitions begin and end here.
class LifeObserver {
  public:
    /// It is built and about to run.
    virtual void starting(partition::Partition& partition) = 0;
    /// It does not run any more, and is about to be scrubbed.
    virtual void ending(partition::Partition& partition) = 0;

  protected:
    ~LifeObserver() = default;
};

/// The life of a machine's partitions, by an operator's orders and by what they do themselves: docs/manage.md. A definition stays when
/// its partition ends; a partition that has arrived has none here, unless it left from here before.
class LifeCycle {
  public:
    /// Everything outlives it. `runs_partitions`: false on a machine that cannot.
    LifeCycle(partition::Roster& roster, memory::Frames& frames, migrate::Mover& mover, LifeObserver& observer,
              bool runs_partitions)
        : roster_(roster), mover_(mover), observer_(observer), definitions_(frames), runs_partitions_(runs_partitions) {
    }

    Definitions& definitions() { return definitions_; }

    /// An operator's bundle: as in Definitions.
    std::expected<std::span<std::byte>, Refusal> reserve(Bytes size);
    std::expected<std::size_t, Refusal> define(std::span<std::byte> memory);

    /// Orders of an operator. What a `force` overrules is said by the refusal without it.
    Done start(std::string_view name, bool force);
    Done stop(std::string_view name, bool force);
    Done reset(std::string_view name);
    Done remove(std::string_view name);

    /// Builds a partition from its definition and lets it run.
    std::expected<void, partition::CreateError> run(Definition& definition);
    /// Takes apart a partition that has ended of its own will, or starts it anew where it asked for that.
    void ended(partition::Partition& partition);
    /// Whether partitions have ended of their own will since an operator last had a hand in it, and nothing is left that could go on.
    bool over() const { return one_has_ended_ && roster_.size() == 0 && !definitions_.any_by_operator(); }

    /// What the mover wants to know, and has to say.
    bool name_is_taken(std::string_view name) const;
    void arrived(std::string_view name);
    void left(std::string_view name);

  private:
    std::expected<partition::Partition*, Refusal> find_running(std::string_view name);
    std::expected<Definition*, Refusal> find_definition(std::string_view name);
    std::expected<void, partition::CreateError> run_anew(partition::Partition& partition, Definition& definition);

    partition::Roster& roster_;
    migrate::Mover& mover_;
    LifeObserver& observer_;
    Definitions definitions_;
    bool runs_partitions_;
    bool one_has_ended_ = false;
};

} // namespace transom::manage
