// SPDX-License-Identifier: Apache-2.0
#include "tap.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <set>

namespace transom::tool {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// Takes a decimal number from the front of `text`.
bool take_number(std::string_view& text, unsigned& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{})
        return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool take(std::string_view& text, std::string_view word) {
    if (!text.starts_with(word))
        return false;
    text.remove_prefix(word.size());
    return true;
}

class Parser {
  public:
    void line(std::string_view line);
    TapRun run;

  private:
    void result(bool passed, std::string_view rest);
    void observation(std::string_view rest);
    void marks(std::string_view rest);

    std::string observed_name_, observed_, marked_name_;
    std::vector<TapRun::Mark> marks_;
};

void Parser::observation(std::string_view rest) {
    const auto name_end = rest.find(' ');
    observed_name_ = rest.substr(0, name_end);
    observed_ = name_end == std::string_view::npos ? std::string_view() : trimmed(rest.substr(name_end));
}

/// "CASE 0x8:good:a 0xc:hostile:ar"
void Parser::marks(std::string_view rest) {
    marks_.clear();
    marked_name_ = rest.substr(0, rest.find(' '));
    for (auto at = rest.find(' '); at != std::string_view::npos; at = rest.find(' ')) {
        rest.remove_prefix(at + 1);
        const std::string_view word = rest.substr(0, rest.find(' '));
        const auto kind = word.find(':'), seen = word.rfind(':');
        TapRun::Mark mark;
        if (!word.starts_with("0x") || kind == seen ||
            std::from_chars(word.data() + 2, word.data() + kind, mark.token, 16).ptr != word.data() + kind)
            continue;
        mark.kind = word.substr(kind + 1, seen - kind - 1);
        mark.accepted = word.find('a', seen) != std::string_view::npos;
        mark.refused = word.find('r', seen) != std::string_view::npos;
        mark.in_problem_state = word.find('p', seen) != std::string_view::npos;
        marks_.push_back(std::move(mark));
    }
}

void Parser::result(bool passed, std::string_view rest) {
    TapRun::Case result;
    if (!take_number(rest, result.number) || !take(rest, " - "))
        return;
    const auto detail = rest.find(" # ");
    result.name = trimmed(rest.substr(0, detail));
    if (detail != std::string_view::npos)
        result.detail = trimmed(rest.substr(detail + 3));
    result.verdict = passed ? TapRun::Verdict::passed : TapRun::Verdict::failed;
    if (passed && result.detail.starts_with("SKIP"))
        result.verdict = TapRun::Verdict::skipped;
    if (observed_name_ == result.name)
        result.observed = observed_;
    if (marked_name_ == result.name)
        result.marks = std::move(marks_);
    observed_name_.clear();
    marked_name_.clear();
    run.cases.push_back(std::move(result));
}

void Parser::line(std::string_view line) {
    line = trimmed(line);
    unsigned last = 0;
    if (std::string_view plan = line; take(plan, "1..") && take_number(plan, last) && plan.empty()) {
        run.planned = last;
    } else if (take(line, "ok ")) {
        result(true, line);
    } else if (take(line, "not ok ")) {
        result(false, line);
    } else if (take(line, "# got ")) {
        observation(line);
    } else if (take(line, "# about ")) {
        marks(line);
    } else if (take(line, "# machine ")) {
        run.machine = line;
    } else if (take(line, "# end ")) {
        run.ended = true;
    } else if (take(line, "Bail out!")) {
        run.bail_out = trimmed(line).empty() ? "no reason given" : trimmed(line);
    }
}

} // namespace

std::size_t TapRun::count(Verdict verdict) const {
    return static_cast<std::size_t>(std::ranges::count(cases, verdict, &Case::verdict));
}

const TapRun::Case* TapRun::find(std::string_view name) const {
    const auto found = std::ranges::find(cases, name, &Case::name);
    return found == cases.end() ? nullptr : &*found;
}

std::string TapRun::problem() const {
    if (!bail_out.empty())
        return "the guest gave up: " + bail_out;
    if (!planned)
        return "the guest printed no plan (1..N)";
    if (*planned == 0)
        return "the guest planned no case";
    if (*planned != cases.size())
        return fmt::format("{} cases were planned and {} reported", *planned, cases.size());
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        if (cases[i].number != i + 1)
            return fmt::format("case {} is numbered {}", i + 1, cases[i].number);
        if (!names.insert(cases[i].name).second)
            return fmt::format("two cases are called '{}'", cases[i].name);
    }
    if (!ended)
        return "the guest did not reach its end";
    return {};
}

TapRun parse_tap(std::string_view text) {
    Parser parser;
    while (!text.empty()) {
        const auto end = text.find('\n');
        parser.line(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return std::move(parser.run);
}

} // namespace transom::tool
