// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <transom/migrate/error.hpp>
#include <transom/migrate/hello.hpp>
#include <transom/migrate/page_arrivals.hpp>
#include <transom/migrate/page_state_table.hpp>
#include <transom/migrate/table_arrivals.hpp>
#include <transom/partition/partition.hpp>

namespace transom::migrate {

/// What came of one of several calls that a step takes.
enum class Headway : std::uint8_t {
    some, // there is more to do
    none, // it waits for somebody else: processors, or the end of a page table before
    done,
};

/// What a move asks of the machine at the source. Whoever runs the partitions implements it.
class SourceControl {
  public:
    /// The machine's time base.
    virtual std::uint64_t now() = 0;
    /// Has the partition's processors walk a second page table, so that the table of its pages is told who can store to what, and of the
    /// hypervisor's own writes. It is called again and again until it answers `done`; an error changes nothing.
    virtual std::expected<Headway, Failure> track(partition::Partition& partition, PageStateTable& pages) = 0;
    /// Takes the right to store away from everybody who has it, a portion of the page table each time. `done`: that was the last one.
    virtual Headway watch(partition::Partition& partition) = 0;
    /// Ends what track() began, finished or not, whether the partition runs or is suspended. Nothing happens where nothing was begun.
    virtual void untrack(partition::Partition& partition) = 0;
    /// Takes all virtual processors out of the partition. It is called again and again until it answers true: then none
    /// of them is inside, all their registers and decrementer expiries are in Vcpu, and nothing of ours writes to the
    /// partition's memory.
    virtual bool suspend(partition::Partition& partition) = 0;
    /// Takes back suspend(), whether it has answered true or not: the partition goes on exactly as it was.
    virtual void resume(partition::Partition& partition) = 0;
    /// Scrubs and frees everything of a suspended partition, now or a while later: it runs elsewhere now. `whole`: all of its memory was sent
    /// there. SourceSession::left() is called right before it is freed.
    virtual void release(partition::Partition& partition, bool whole) = 0;
    /// All of its definition has been read, and has that digest.
    virtual void definition_read(const partition::Partition& partition, std::uint64_t digest) = 0;

  protected:
    ~SourceControl() = default;
};

/// What the target has for a partition that arrives. The spans belong to whoever made them, and outlive the session.
struct Arrival {
    partition::Partition* partition = nullptr; // empty; its memory is all zero once it is prepared
    std::span<std::uint64_t> digests;          // a word for each granule
    PageArrivals* pages = nullptr;             // nothing is here yet
    TableArrivals table;                       // the same
    std::span<std::byte> definition{};         // for what it is started from; empty: there is none, or it is here
};

/// What a move asks of the machine at the target.
class TargetControl {
  public:
    /// The machine's time base.
    virtual std::uint64_t now() = 0;
    /// Builds an empty partition, or says why not: the name is in use, no memory.
    virtual std::expected<Arrival, Failure> create(const PartitionShape& shape) = 0;
    /// Works on the memory of one that was built for about so many ticks, so that it may run before all of it has come if it is to. It is
    /// called again and again until it answers true; an error changes nothing.
    virtual std::expected<bool, Failure> prepare(partition::Partition& partition, bool post_copy,
                                                 std::uint64_t budget) = 0;
    /// All of its definition is where create() said, and has that digest. The error says what is wrong with it.
    virtual std::expected<void, Failure> define(const partition::Partition& partition, std::uint64_t digest) = 0;
    /// Lets an arrived partition run; its timebase_offset is set.
    virtual void start(partition::Partition& partition) = 0;
    /// The same for one that was prepared for it, of which only what is here of `pages` has come: who needs more waits (Vcpu::awaits).
    virtual void start_early(partition::Partition& partition, PageArrivals& pages) = 0;
    /// All of one that was started early is here (`whole`), or what is not will not be needed.
    virtual void complete(partition::Partition& partition, bool whole) = 0;
    /// Scrubs and frees everything of a partition that did not arrive.
    virtual void discard(partition::Partition& partition) = 0;

  protected:
    ~TargetControl() = default;
};

} // namespace transom::migrate
