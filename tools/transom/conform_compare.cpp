// SPDX-License-Identifier: Apache-2.0
#include "conform_compare.hpp"

#include "failure.hpp"
#include "json_input.hpp"

namespace transom::tool {
namespace {

std::string_view verdict_name(TapRun::Verdict verdict) {
    switch (verdict) {
    case TapRun::Verdict::passed:
        return "ok";
    case TapRun::Verdict::failed:
        return "not ok";
    case TapRun::Verdict::skipped:
        return "skipped";
    }
    return "?";
}

std::string describe(const TapRun::Case* result) {
    if (result == nullptr)
        return "no such case";
    std::string text(verdict_name(result->verdict));
    if (!result->observed.empty())
        text += ", " + result->observed;
    return text;
}

bool differ(const TapRun::Case* a, const TapRun::Case* b) {
    if (a == nullptr || b == nullptr)
        return true;
    return a->verdict != b->verdict || a->observed != b->observed;
}

} // namespace

Explanations parse_explanations(const nlohmann::json& table, const std::string& name) {
    Explanations explanations;
    for_each_row(table, name, [&](const JsonRow& row) {
        const std::string right = row.text("right");
        if (right != "transom" && right != "pseries" && right != "both")
            fail("{}: '{}' is right in {}? It must be transom, pseries or both", name, right, row.text("case"));
        if (!explanations.emplace(row.text("case"), Explanation{right, row.text("why")}).second)
            fail("{}: two rows for {}", name, row.text("case"));
    });
    return explanations;
}

Explanations read_explanations(const std::filesystem::path& file) {
    return parse_explanations(read_json(file), file.string());
}

std::vector<Difference> compare(const TapRun& transom, const TapRun& pseries, const Explanations& explanations) {
    std::vector<Difference> differences;
    const auto look_at = [&](const std::string& name) {
        const auto *ours = transom.find(name), *theirs = pseries.find(name);
        if (!differ(ours, theirs))
            return;
        const auto known = explanations.find(name);
        differences.push_back(
            {name, describe(ours), describe(theirs), known == explanations.end() ? nullptr : &known->second});
    };
    for (const auto& result : transom.cases)
        look_at(result.name);
    for (const auto& result : pseries.cases)
        if (transom.find(result.name) == nullptr)
            look_at(result.name);
    return differences;
}

std::vector<std::string> unexplained_failures(const TapRun& pseries, const Explanations& explanations) {
    std::vector<std::string> names;
    for (const auto& result : pseries.cases)
        if (result.verdict == TapRun::Verdict::failed && !explanations.contains(result.name))
            names.push_back(result.name);
    return names;
}

} // namespace transom::tool
