// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <transom/migrate/record.hpp>
#include <vector>

namespace transom::tool {

enum class End : std::uint8_t { source, target }; ///< of a move

/// What becomes of a partition: docs/migration.md.
enum class Outcome : std::uint8_t {
    on_source,
    on_target,
    in_doubt, ///< suspended at the source, until an operator says that the target is gone for good
    lost,     ///< with the machine that died, which held the only copy of something
};
std::string_view name(Outcome outcome);

/// One record of a move and what happens when it is sent.
struct FaultCell {
    End sender{};
    migrate::RecordType record{};
    std::uint64_t nth = 1;
    std::string action; ///< as `fault do=` has it
    /// The machine that is killed while the record is held; only with `hold`.
    std::optional<End> victim{};
    /// It happens to the nth piece that TLS makes of what the sender says, after the handshakes: `record` says nothing.
    bool sealed = false;

    std::string text() const;
};

/// How many records of each type an end sends in a whole move.
using RecordCounts = std::map<migrate::RecordType, std::uint64_t>;

/// Each record of a type up to `exhaustive` of them, else the first, the middle and the last, with each fault that leaves both machines alive.
std::vector<FaultCell> fault_cells(const RecordCounts& source, const RecordCounts& target, std::uint64_t exhaustive);
/// The same for what leaves an end encrypted: so many pieces of it, over all connections.
std::vector<FaultCell> sealed_cells(std::uint64_t source, std::uint64_t target, std::uint64_t exhaustive);
/// One machine dies: before the first page, in the middle, before and after the hand-over, while the rest is fetched.
std::vector<FaultCell> kill_cells(const RecordCounts& source, const RecordCounts& target);

/// Who has the partition in the end, where that is known before. `post_copy`: in that mode all memory goes after the hand-over. `on_channel`: the record went by one of
/// the connections that carry pages only.
std::optional<Outcome> expected(const FaultCell& cell, bool post_copy, bool on_channel = false);

} // namespace transom::tool
