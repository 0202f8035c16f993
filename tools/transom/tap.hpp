// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace transom::tool {

/// What one run of the conformance guest printed: Test Anything Protocol with a "# got CASE k=v ..." line of everything
/// observed and an "# about CASE TOKEN:KIND:SEEN ..." line of its calls before a case's own line, and an "# end ..." line last.
struct TapRun {
    enum class Verdict { passed, failed, skipped };
    /// A call that the case says it makes, and how the calls that it made were answered.
    struct Mark {
        std::uint64_t token = 0;
        std::string kind;
        bool accepted = false, refused = false, in_problem_state = false;
    };
    struct Case {
        unsigned number = 0;
        Verdict verdict = Verdict::failed;
        std::string name;
        std::string detail;      ///< what follows " # ": "expected .. got ..", the reason of a skip
        std::string observed;    ///< from the "# got" line, without the name
        std::vector<Mark> marks; ///< from the "# about" line
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
