// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace transom::tool {

/// The key=value words of one line; values with blanks stand in double quotes. docs/manage.md
class Fields {
  public:
    static Fields parse(std::string_view words);

    bool has(std::string_view key) const { return values_.contains(key); }
    /// Empty if there is none.
    std::string text(std::string_view key) const;
    std::optional<std::uint64_t> number(std::string_view key) const;
    const std::map<std::string, std::string, std::less<>>& all() const { return values_; }

  private:
    std::map<std::string, std::string, std::less<>> values_;
};

/// The answer to one request: `+` lines, then `ok ...` or `error NAME: text`.
class Answer {
  public:
    /// Takes one line; true when the answer is complete. Throws Failure for a line that no Transom sends.
    bool add_line(std::string_view line);

    bool ok() const { return ok_; }
    /// "NAME: text" if not ok().
    const std::string& error() const { return error_; }
    const Fields& result() const { return result_; }
    const std::vector<Fields>& rows() const& { return rows_; }
    std::vector<Fields> rows() && { return std::move(rows_); } // a loop over a temporary's
    /// Of `report`, which has one number to a line and all of a machine's counters. Throws Failure where there is no such number.
    std::uint64_t counter(std::string_view name) const;

  private:
    bool ok_ = false;
    std::string error_;
    Fields result_;
    std::vector<Fields> rows_;
};

} // namespace transom::tool
