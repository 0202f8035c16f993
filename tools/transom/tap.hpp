// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace transom::tool {

/// What one run of the conformance guest printed: Test Anything Protocol with a "# got CASE k=v ..." line of everything
/// observed before a case's own line, and an "# end ..." line last.
struct TapRun {
    enum class Verdict { passed, failed, skipped };
    struct Case {
        unsigned number = 0;
        Verdict verdict = Verdict::failed;
        std::string name;
        std::string detail;   ///< what follows " # ": "expected .. got ..", the reason of a skip
        std::string observed; ///< from the "# got" line, without the name

        /// What it is about: its family, the part of its name before the dot.
        std::string_view subject() const { return std::string_view(name).substr(0, name.find('.')); }
    };

    std::optional<unsigned> planned;
    std::vector<Case> cases;
    std::string machine;  ///< from "# machine"
    std::string bail_out; ///< from "Bail out!"
    bool ended = false;   ///< "# end" was seen

    std::size_t count(Verdict verdict) const;
    const Case* find(std::string_view name) const;
    /// Why the run as a whole is not to be trusted; empty if it is.
    std::string problem() const;
};

TapRun parse_tap(std::string_view text);

} // namespace transom::tool
