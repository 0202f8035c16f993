// SPDX-License-Identifier: Apache-2.0
#include "json_input.hpp"

#include "failure.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace transom::tool {

nlohmann::json read_json(const std::filesystem::path& file) {
    std::ifstream stream(file);
    if (!stream)
        fail("cannot read {}: {}", file.string(), std::strerror(errno));
    auto table = nlohmann::json::parse(stream, nullptr, false);
    if (table.is_discarded())
        fail("{} is no JSON", file.string());
    return table;
}

std::string JsonRow::text(const char* key) const {
    if (!row_.is_object() || !row_.contains(key) || !row_[key].is_string() || row_[key].get<std::string>().empty())
        fail("{}: row {} has no '{}'", table_, number_, key);
    return row_[key].get<std::string>();
}

void for_each_row(const nlohmann::json& table, const std::string& name,
                  const std::function<void(const JsonRow&)>& take) {
    if (!table.is_array())
        fail("{}: it must be an array of objects", name);
    std::size_t number = 0;
    for (const auto& row : table)
        take(JsonRow(row, name, ++number));
}

} // namespace transom::tool
