// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stream_cutter.hpp"
#include "stream_granules.hpp"

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <transom/migrate/record.hpp>
#include <vector>

namespace transom::tool {

/// Makes entries of a stream's records: each has `offset`, `sequence`, `type`, `length`, `checksum` and, in words, `fields` and `faults`.
/// Records of granules that follow each other in the stream and in memory are one entry, unless `all`.
class StreamDump {
  public:
    using Show = std::function<void(const nlohmann::ordered_json& entry)>;
    StreamDump(bool all, Show show) : all_(all), show_(std::move(show)) {}

    /// Up to its end, or to where no record can be cut out any more.
    void read(std::istream& from);
    /// Bytes by types of records, and granules by kinds.
    nlohmann::ordered_json summary() const;
    /// The first faults, in their order; no more than so many are kept.
    const std::vector<StreamFault>& faults() const { return faults_; }
    static constexpr std::size_t kept_faults = 100;
    std::uint64_t fault_count() const { return fault_count_; }

  private:
    struct Sum {
        std::uint64_t records = 0, bytes = 0;
    };
    /// Granules that follow each other.
    struct Run {
        std::uint64_t offset = 0, sequence = 0, first = 0, count = 0, records = 0, length = 0;
        migrate::RecordType type{};
    };

    void add(const StreamRecord& record);
    void show(const StreamRecord& record);
    bool extends_run(const StreamRecord& record);
    void end_run();
    void count(const StreamRecord& record, std::vector<std::string>& faults);
    std::string contents_fault(const StreamRecord& record);
    void note_needless(const StreamRecord& record);
    void check_totals(const StreamRecord& record, std::vector<std::string>& faults) const;
    void fault(std::uint64_t offset, std::string what);

    bool all_;
    Show show_;
    std::optional<Run> run_;
    StreamGranules granules_;
    std::vector<std::byte> granule_; // the last one's contents
    std::map<std::uint16_t, Sum> sums_;
    std::uint64_t expected_ = 0; // sequence of the next record
    std::uint64_t bytes_ = 0, records_ = 0, table_entries_ = 0;
    bool over_ = false; // a record has come after which nothing counts
    std::vector<StreamFault> faults_;
    std::uint64_t fault_count_ = 0;
};

} // namespace transom::tool
