// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <span>
#include <string>
#include <transom/migrate/record.hpp>
#include <vector>

namespace transom::tool {

/// What is wrong with a migration stream, and where.
struct StreamFault {
    std::uint64_t offset = 0; ///< of the record, or of what stands in its place
    std::string what;
};

/// One record of a migration stream. Its header is sound; whether the payload is says `sound`.
struct StreamRecord {
    std::uint64_t offset = 0;
    migrate::RecordHeader header;
    std::span<const std::byte> payload; ///< until the next record is read
    bool sound = true;
    std::uint64_t digest_before = 0; ///< the stream digest of all records before it
};

/// Cuts one direction of a migration stream (docs/stream.md) into records. Unlike migrate::RecordReader, which a machine trusts, it
/// goes on behind a payload that is damaged: the header has said where it ends. Holds one record.
class StreamCutter {
  public:
    explicit StreamCutter(std::istream& from) : from_(from) {}

    /// Nothing at the end, and where no record can be cut out any more: fault() tells which.
    std::optional<StreamRecord> next();
    const std::optional<StreamFault>& fault() const { return fault_; }
    /// Where the last record ended.
    std::uint64_t offset() const { return offset_; }

  private:
    std::size_t read(std::span<std::byte> to);
    std::optional<StreamRecord> give_up(std::string what);

    std::istream& from_;
    std::vector<std::byte> payload_;
    std::uint64_t offset_ = 0;
    std::uint64_t digest_ = 0;
    std::optional<StreamFault> fault_;
};

} // namespace transom::tool
