// SPDX-License-Identifier: Apache-2.0
#include "management_answer.hpp"

#include "failure.hpp"

#include <charconv>

namespace transom::tool {

Fields Fields::parse(std::string_view words) {
    Fields fields;
    for (;;) {
        const auto begin = words.find_first_not_of(' ');
        if (begin == std::string_view::npos)
            return fields;
        words.remove_prefix(begin);
        const auto key_end = words.find_first_of("= ");
        const std::string key(words.substr(0, key_end));
        words.remove_prefix(key.size());
        std::string value;
        if (words.starts_with('=')) {
            words.remove_prefix(1);
            const bool quoted = words.starts_with('"');
            if (quoted)
                words.remove_prefix(1);
            const auto value_end = words.find(quoted ? '"' : ' ');
            value = words.substr(0, value_end);
            words.remove_prefix(value_end == std::string_view::npos ? words.size() : value_end + (quoted ? 1 : 0));
        }
        fields.values_.insert_or_assign(key, value);
    }
}

std::string Fields::text(std::string_view key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::string() : found->second;
}

std::optional<std::uint64_t> Fields::number(std::string_view key) const {
    const auto found = values_.find(key);
    if (found == values_.end())
        return {};
    const std::string& digits = found->second;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size())
        return {};
    return value;
}

std::uint64_t Answer::counter(std::string_view name) const {
    for (const Fields& row : rows_)
        if (const auto value = row.number(name))
            return *value;
    fail("the machine's report has no {}", name);
}

bool Answer::add_line(std::string_view line) {
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    if (line == "+" || line.starts_with("+ ")) {
        rows_.push_back(Fields::parse(line.substr(1)));
        return false;
    }
    if (line == "ok" || line.starts_with("ok ")) {
        ok_ = true;
        result_ = Fields::parse(line.substr(2));
        return true;
    }
    if (line.starts_with("error ")) {
        error_ = line.substr(6);
        return true;
    }
    fail("the management service answered '{}', which is no answer of docs/manage.md", line.substr(0, 80));
}

} // namespace transom::tool
