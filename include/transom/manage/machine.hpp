// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <transom/fault/fault.hpp>
#include <transom/manage/refusal.hpp>
#include <transom/migrate/error.hpp>
#include <transom/migrate/move_options.hpp>
#include <transom/migrate/progress.hpp>
#include <transom/migrate/recovery.hpp>
#include <transom/net/byte_stream.hpp>
#include <transom/partition/partition.hpp>
#include <transom/relocate/reallocator.hpp>

namespace transom::manage {

struct MachineInfo {
    std::string_view version; // of Transom
    std::string_view machine; // powernv9
    std::string_view cpu;     // POWER9
    std::uint64_t timebase_frequency = 0;
};

struct MigrateRequest {
    std::string_view partition;
    net::Ipv4Address to;
    std::uint16_t port = 0;
    migrate::MoveOptions options;
};

/// The digests of a partition's last move: one per granule.
struct DigestTable {
    std::span<const std::uint64_t> digests;
    Bytes granule = 0;
};

/// One line of `report`. The name holds no blanks.
struct Counter {
    std::string_view name;
    std::uint64_t value = 0;
};

/// A partition, or what one can be started from: one line of `status`. The texts stay until the next call.
struct Listed {
    std::string_view name;
    std::string_view state;
    std::string_view from; ///< what it is started from
    Bytes memory = 0;
    std::uint32_t virtual_processors = 0;
    Bytes granule = 0;
    Bytes page_table = 0;
    std::uint64_t run_ticks = 0; ///< of this machine's processors
    std::uint32_t entitled_capacity = 0;
    std::uint8_t capacity_weight = 0;
    bool capped = false;
    std::string_view processors; ///< "shared", "dedicated" or "donating"
};

/// What the machine has left.
struct Room {
    Bytes free_memory = 0;
    Bytes dirty_memory = 0;        ///< given back and being scrubbed
    std::uint32_t capacity = 0;    ///< hundredths of a processor,
    std::uint32_t unallocated = 0; ///< and those that nobody is entitled to
};

/// What the management service acts on. Calls come from net::Stack::poll() and return at once.
class Machine {
  public:
    virtual MachineInfo info() = 0;
    /// Partition or definition number `index`, counted from 0; nothing behind the last one.
    virtual std::optional<Listed> listed(std::size_t index) = 0;
    virtual Room room() = 0;
    /// Null where there is none of that name.
    virtual partition::Partition* find(std::string_view name) = 0;
    virtual std::expected<void, migrate::Failure> migrate(const MigrateRequest& request) = 0;
    /// Memory for a bundle of that size that is to come: it belongs to the caller, who gives it to define() or drop(). define() says how
    /// many partitions it has defined, and leaves the memory with the caller after an error.
    virtual std::expected<std::span<std::byte>, Refusal> reserve(Bytes size) = 0;
    virtual std::expected<std::size_t, Refusal> define(std::span<std::byte> bundle) = 0;
    virtual void drop(std::span<std::byte> bundle) = 0;
    virtual Done start(std::string_view partition, bool force) = 0;
    virtual Done stop(std::string_view partition, bool force) = 0;
    virtual Done reset(std::string_view partition) = 0;
    virtual Done remove(std::string_view partition) = 0;
    /// What has been ordered takes longer than the call: what has become of the building of that partition, nothing while it is under way;
    virtual std::optional<Done> started(std::string_view partition) = 0;
    /// and whether what had been given back by the time of scrub_mark() has been scrubbed.
    virtual std::uint64_t scrub_mark() = 0;
    virtual bool was_scrubbed(std::uint64_t mark) = 0;
    /// Whoever has ordered it waits for the answer, or does not any more: it is out, or he is gone. The machine does not end meanwhile.
    virtual void operator_waits() = 0;
    virtual void operator_answered() = 0;
    /// The move in progress or the last one.
    virtual const migrate::Progress& migration() = 0;
    /// False: there is none, or it is too late.
    virtual bool cancel() = 0;
    /// Asks the target of a partition in doubt at once,
    virtual std::expected<void, migrate::Failure> recover(std::string_view partition) = 0;
    /// what has come of that,
    virtual migrate::Recovery recovery(std::string_view partition) = 0;
    /// and ends the doubt by the operator's word.
    virtual std::expected<void, migrate::Failure> force(std::string_view partition, migrate::Owner owner) = 0;
    /// Nothing where that partition was not in a move that got that far.
    virtual std::optional<DigestTable> digests(std::string_view partition) = 0;
    /// Counter number `index`, counted from 0; nothing behind the last one.
    virtual std::optional<Counter> counter(std::size_t index) = 0;
    /// Null where it makes none: only the test image does.
    virtual fault::FaultPlan* faults(fault::Layer) { return nullptr; }
    /// Null where partitions cannot be moved among nodes: where none run.
    virtual relocate::Reallocator* reallocator() { return nullptr; }
    /// Asks for the end of the machine. It has to come a moment later, so that the answer still gets out.
    virtual void shutdown() = 0;

  protected:
    ~Machine() = default;
};

} // namespace transom::manage
