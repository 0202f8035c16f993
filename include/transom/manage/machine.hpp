// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <transom/migrate/error.hpp>
#include <transom/migrate/hello.hpp>
#include <transom/migrate/progress.hpp>
#include <transom/net/byte_stream.hpp>
#include <transom/partition/partition.hpp>

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
    std::optional<std::uint64_t> corrupt_page;
    migrate::Fit fit = migrate::Fit::same_version;
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

/// What the management service acts on. Calls come from net::Stack::poll() and return at once.
class Machine {
  public:
    virtual MachineInfo info() = 0;
    /// Partition number `index`, counted from 0; null behind the last one.
    virtual const partition::Partition* partition(std::size_t index) = 0;
    /// Null where there is none of that name.
    virtual partition::Partition* find(std::string_view name) = 0;
    virtual std::expected<void, migrate::Failure> migrate(const MigrateRequest& request) = 0;
    /// The move in progress or the last one.
    virtual const migrate::Progress& migration() = 0;
    /// False: there is none, or it is too late.
    virtual bool cancel() = 0;
    /// Ends the doubt about a partition by the operator's word.
    virtual std::expected<void, migrate::Failure> settle(std::string_view partition, migrate::Owner owner) = 0;
    /// Nothing where that partition was not in a move that got that far.
    virtual std::optional<DigestTable> digests(std::string_view partition) = 0;
    /// Counter number `index`, counted from 0; nothing behind the last one.
    virtual std::optional<Counter> counter(std::size_t index) = 0;
    /// Asks for the end of the machine. It has to come a moment later, so that the answer still gets out.
    virtual void shutdown() = 0;

  protected:
    ~Machine() = default;
};

} // namespace transom::manage
