// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace transom::tool {

/// What the fuzzing guest printed about one seed (tests/guests/fuzz/README.md).
struct FuzzRun {
    struct Checkpoint {
        std::uint64_t operation = 0; ///< the last one before it
        std::uint64_t digest = 0;
        bool operator==(const Checkpoint&) const = default;
    };
    std::uint64_t seed = 0, digest = 0; ///< the digest of everything
    std::vector<Checkpoint> checkpoints;
    std::vector<std::string> operations; ///< "# op" lines, without these words
};

/// Complete runs, in order; nothing after a line that is cut.
std::vector<FuzzRun> parse_fuzz_runs(std::string_view terminal);
/// What follows "Bail out!", if the guest gave up.
std::optional<std::string> fuzz_bail_out(std::string_view terminal);

/// Operations among which is the first that made a difference: [begin, end).
struct OperationInterval {
    std::uint64_t begin = 0, end = 0;
    bool operator==(const OperationInterval&) const = default;
};

/// Nothing where the two runs of one seed with `operations` operations agree.
std::optional<OperationInterval> find_difference(const FuzzRun& a, const FuzzRun& b, std::uint64_t operations);

} // namespace transom::tool
