// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace transom::tool {

/// What the guest `storing` has found since it began: its last line "storing: ok ...".
struct StoringReport {
    std::uint64_t lines = 0, wrong_lines = 0;   ///< of memory
    std::uint64_t calls = 0;                    ///< for its page table
    std::uint64_t looks = 0, rc_mismatches = 0; ///< at R and C of an entry
    std::uint64_t wrong_others = 0;             ///< answers of calls, interrupts, lost wake-ups
    std::uint64_t sleeps = 0;
    std::uint64_t additions = 0;          ///< by larx and stcx., of both processors to the same numbers
    std::array<std::uint64_t, 2> steps{}; ///< of each processor

    /// The last whole line of a terminal's text that is one.
    static std::optional<StoringReport> last_in(std::string_view text);

    bool went_on_since(const StoringReport& before) const {
        return steps[0] > before.steps[0] && steps[1] > before.steps[1];
    }
    std::vector<std::string> complaints() const;
    void add_to(nlohmann::ordered_json& report) const;
    std::string text() const;
};

} // namespace transom::tool
