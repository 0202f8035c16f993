// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace transom::tool {

/// Throws Failure where the file cannot be read or is no JSON.
nlohmann::json read_json(const std::filesystem::path& file);

/// One object of a table of objects.
class JsonRow {
  public:
    JsonRow(const nlohmann::json& row, const std::string& table, std::size_t number)
        : row_(row), table_(table), number_(number) {}
    /// Throws Failure where there is none or it is empty.
    std::string text(const char* key) const;

  private:
    const nlohmann::json& row_;
    const std::string& table_;
    std::size_t number_;
};

/// Throws Failure where `table`, which is called `name`, is no array.
void for_each_row(const nlohmann::json& table, const std::string& name,
                  const std::function<void(const JsonRow&)>& take);

} // namespace transom::tool
