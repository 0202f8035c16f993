// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace transom::tool {

// What StreamDump says, for people to read. Each with its line ends.

std::string stream_text_head();
std::string stream_text(const nlohmann::ordered_json& entry);
std::string stream_text_summary(const nlohmann::ordered_json& summary);

} // namespace transom::tool
