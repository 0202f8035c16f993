// SPDX-License-Identifier: Apache-2.0
#include "conform_coverage.hpp"

#include "failure.hpp"
#include "json_input.hpp"

#include <algorithm>
#include <transom/hcall/table.hpp>

namespace transom::tool {
namespace {

bool is_kind(std::string_view kind) { return std::ranges::find(case_kinds, kind) != case_kinds.end(); }

bool is_borne_out(const TapRun::Mark& mark) {
    if (mark.kind == "good")
        return mark.accepted;
    if (mark.kind == "boundary")
        return mark.refused;
    if (mark.kind == "problem_state")
        return mark.in_problem_state;
    return mark.accepted || mark.refused;
}

std::string_view name_of(std::uint64_t token) {
    const auto* row = hcall::find(token);
    return row == nullptr ? std::string_view() : row->name;
}

enum class Found { none, skipped, ran };

class Check {
  public:
    Check(const TapRun& run, const Exemptions& exemptions) : run_(run), exemptions_(exemptions) {}
    Coverage result();

  private:
    void look_at(const TapRun::Case& one);
    void one_kind(const hcall::Row& row, std::string_view kind);
    template <class... Args> void complain(fmt::format_string<Args...> format, Args&&... arguments) {
        coverage_.complaints.push_back(fmt::format(format, std::forward<Args>(arguments)...));
    }

    const TapRun& run_;
    const Exemptions& exemptions_;
    Coverage coverage_;
    std::map<std::pair<std::string, std::string>, Found> found_;
};

void Check::look_at(const TapRun::Case& one) {
    for (const auto& mark : one.marks) {
        const auto call = name_of(mark.token);
        if (call.empty() || !is_kind(mark.kind)) {
            complain("{} is marked with {:#x} {}, which is not of the table", one.name, mark.token, mark.kind);
            continue;
        }
        const bool skipped = one.verdict == TapRun::Verdict::skipped;
        auto& found = found_[{std::string(call), mark.kind}];
        found = std::max(found, skipped ? Found::skipped : Found::ran);
        if (!skipped && !is_borne_out(mark))
            complain("{} is marked '{}' for {} and makes no such call", one.name, mark.kind, call);
    }
}

void Check::one_kind(const hcall::Row& row, std::string_view kind) {
    const std::pair key{std::string(row.name), std::string(kind)};
    const bool exempt = exemptions_.contains(key);
    const auto found = found_.find(key);
    ++coverage_.kinds;
    if (found == found_.end()) {
        coverage_.exempt += exempt;
        if (!exempt)
            complain("no case is marked '{}' for {}", kind, row.name);
        return;
    }
    ++coverage_.by_cases;
    coverage_.skipped += found->second == Found::skipped;
    if (exempt)
        complain("{} has '{}' cases, and a reason for having none", row.name, kind);
}

Coverage Check::result() {
    for (const auto& one : run_.cases)
        look_at(one);
    for (const auto& row : hcall::rows()) {
        ++coverage_.calls;
        for (const auto kind : case_kinds)
            one_kind(row, kind);
    }
    return std::move(coverage_);
}

} // namespace

Exemptions parse_exemptions(const nlohmann::json& table, const std::string& name) {
    Exemptions exemptions;
    for_each_row(table, name, [&](const JsonRow& row) {
        const auto call = row.text("call"), kind = row.text("kind");
        if (std::ranges::find(hcall::rows(), call, &hcall::Row::name) == hcall::rows().end())
            fail("{}: there is no call {}", name, call);
        if (!is_kind(kind))
            fail("{}: there is no kind '{}' (there are {})", name, kind, fmt::join(case_kinds, ", "));
        if (!exemptions.emplace(std::pair(call, kind), row.text("why")).second)
            fail("{}: two rows for {}, {}", name, call, kind);
    });
    return exemptions;
}

Exemptions read_exemptions(const std::filesystem::path& file) {
    return parse_exemptions(read_json(file), file.string());
}

Coverage check_coverage(const TapRun& run, const Exemptions& exemptions) { return Check(run, exemptions).result(); }

std::string describe(const Coverage& coverage) {
    std::string text =
        fmt::format("Coverage: {} calls in {} kinds each: {} by cases ({} of them skipped here), {} do not apply\n",
                    coverage.calls, case_kinds.size(), coverage.by_cases, coverage.skipped, coverage.exempt);
    for (const auto& complaint : coverage.complaints)
        text += fmt::format("  {}\n", complaint);
    return text;
}

nlohmann::ordered_json to_json(const Coverage& coverage) {
    return {{"calls", coverage.calls},     {"kinds", coverage.kinds},   {"by_cases", coverage.by_cases},
            {"skipped", coverage.skipped}, {"exempt", coverage.exempt}, {"complaints", coverage.complaints}};
}

std::string_view subject_of(const TapRun::Case& one) {
    if (!one.marks.empty())
        if (const auto call = name_of(one.marks.front().token); !call.empty())
            return call;
    return std::string_view(one.name).substr(0, one.name.find('.'));
}

} // namespace transom::tool
