// SPDX-License-Identifier: Apache-2.0
#include "conform_tap.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace transom::tool {
namespace {

/// What TAP would read as the beginning of a directive is escaped.
std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '#' || c == '\\')
            result += '\\';
        result += c == '\n' || c == '\r' ? ' ' : c;
    }
    return result;
}

/// A double-quoted scalar of YAML: each JSON string is one.
std::string quoted(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

class Writer {
  public:
    explicit Writer(const Explanations& explanations) : explanations_(explanations) {}

    void run(const ConformResult& result, const TapRun& run, bool reference);
    std::string document(std::string_view bail_out) const;

  private:
    void point(const ConformResult& result, const TapRun::Case& one, bool reference);

    const Explanations& explanations_;
    std::string points_;
    std::size_t count_ = 0;
};

void Writer::point(const ConformResult& result, const TapRun::Case& one, bool reference) {
    using Verdict = TapRun::Verdict;
    const auto difference = std::ranges::find(result.differences, one.name, &Difference::name);
    const bool differs = difference != result.differences.end();
    const auto known = explanations_.find(one.name);
    // On the reference machine's side, unless it has no such case.
    const bool to_be_told = reference || !result.pseries || result.pseries->find(one.name) == nullptr;
    const bool unexplained = to_be_told && differs && difference->explanation == nullptr;
    const bool ok = one.verdict != Verdict::failed && !unexplained;
    points_ += fmt::format("{} {} - {} on {} {}", ok ? "ok" : "not ok", ++count_, escaped(one.name),
                           reference ? "pseries like" : "Transom on", result.machine);
    if (one.verdict == Verdict::skipped && ok)
        points_ += " # " + escaped(one.detail);
    else if (!ok && reference && !unexplained && known != explanations_.end())
        points_ += fmt::format(" # TODO right is {}: {}", known->second.right, escaped(known->second.why));
    points_ += '\n';
    if (ok && !differs)
        return;
    const auto line = [&](std::string_view key, std::string_view value) {
        if (!value.empty())
            points_ += fmt::format("  {}: {}\n", key, quoted(value));
    };
    points_ += "  ---\n";
    line("message", one.verdict == Verdict::failed ? std::string_view(one.detail)
                    : unexplained                  ? "differs from Transom, and nothing explains it"
                                                   : "differs");
    line("observed", one.observed);
    if (differs) {
        line("transom", difference->transom);
        line("pseries", difference->pseries);
    }
    if (known != explanations_.end()) {
        line("right", known->second.right);
        line("why", known->second.why);
    }
    points_ += "  ...\n";
}

void Writer::run(const ConformResult& result, const TapRun& run, bool reference) {
    if (!run.machine.empty())
        points_ += fmt::format("# {} {}: {}\n", reference ? "pseries like" : "Transom on", result.machine, run.machine);
    for (const auto& one : run.cases)
        point(result, one, reference);
}

std::string Writer::document(std::string_view bail_out) const {
    std::string text = "TAP version 14\n";
    if (bail_out.empty())
        text += fmt::format("1..{}\n", count_);
    text += points_;
    if (!bail_out.empty())
        text += fmt::format("Bail out! {}\n", escaped(bail_out));
    return text;
}

} // namespace

std::string write_tap(const std::vector<ConformResult>& results, const Explanations& explanations,
                      std::string_view bail_out) {
    Writer writer(explanations);
    for (const auto& result : results) {
        if (result.transom)
            writer.run(result, *result.transom, false);
        if (result.pseries)
            writer.run(result, *result.pseries, true);
    }
    return writer.document(bail_out);
}

} // namespace transom::tool
