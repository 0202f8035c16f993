// SPDX-License-Identifier: Apache-2.0
#include "stream_text.hpp"

#include <fmt/format.h>
#include <vector>

namespace transom::tool {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t width = 110;
constexpr std::string_view indent = "        ", deeper = "            ";
constexpr std::string_view columns = "{:>#12x}  {:>8}  {:>9}  {:8}  {}";

std::string one(const Json& value) {
    if (value.is_string())
        return value.get<std::string>();
    if (!value.is_array())
        return value.dump();
    std::string words;
    for (const Json& each : value)
        words += (words.empty() ? "" : ", ") + one(each);
    return words.empty() ? "none" : words;
}

/// A word cannot be read apart from the next where it has a comma.
std::string named(std::string_view name, const Json& value) {
    const std::string text = one(value);
    return text.find(", ") == std::string::npos ? fmt::format("{} {}", name, text) : fmt::format("{} ({})", name, text);
}

/// As many to a line as there is room for.
std::string wrapped(const std::vector<std::string>& words, std::string_view first, std::string_view others) {
    std::string text, line(first);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string word = words[i] + (i + 1 < words.size() ? "," : "");
        if (line.size() + 1 + word.size() > width && line.find_first_not_of(' ') != std::string::npos) {
            text += line + '\n';
            line = others;
        }
        line += (line.find_first_not_of(' ') == std::string::npos ? "" : " ") + word;
    }
    return text + line + '\n';
}

bool is_group(const Json& value) {
    return value.is_object() || (value.is_array() && !value.empty() && value.front().is_object());
}

std::vector<std::string> words_of(const Json& object) {
    std::vector<std::string> words;
    for (const auto& [name, value] : object.items())
        if (!is_group(value))
            words.push_back(named(name, value));
    return words;
}

/// First what is said in a word, then what has parts: each on lines of its own.
std::string fields_text(const Json& fields) {
    const auto words = words_of(fields);
    std::string text = words.empty() ? "" : wrapped(words, indent, indent);
    for (const auto& [name, value] : fields.items()) {
        if (!is_group(value))
            continue;
        if (value.is_object()) {
            if (!value.empty())
                text += wrapped(words_of(value), fmt::format("{}{}:", indent, name), deeper);
            continue;
        }
        text += fmt::format("{}{}:\n", indent, name);
        for (const Json& each : value)
            text += wrapped(words_of(each), deeper, deeper);
    }
    return text;
}

} // namespace

std::string stream_text_head() {
    return fmt::format("{:>12}  {:>8}  {:>9}  {:8}  {}\n", "offset", "sequence", "length", "checksum", "record");
}

std::string stream_text(const Json& entry) {
    auto record = entry["type"].get<std::string>();
    if (entry.contains("mandatory"))
        record += " (may be skipped)";
    if (const std::uint64_t records = entry.value("records", std::uint64_t{1}); records > 1)
        record += fmt::format(" x {}", records);
    std::string text =
        fmt::format(columns, entry["offset"].get<std::uint64_t>(), entry["sequence"].get<std::uint64_t>(),
                    entry["length"].get<std::uint64_t>(), entry["checksum"].get<std::string>(), record);
    if (entry.contains("fields")) {
        // What is little stands in the same line.
        const std::string fields = fields_text(entry["fields"]);
        const bool little = fields.find('\n') + 1 == fields.size() && text.size() + fields.size() < width;
        text += little ? fmt::format(": {}", fields.substr(indent.size())) : '\n' + fields;
    } else {
        text += '\n';
    }
    for (const Json& fault : entry.value("faults", Json::array()))
        text += fmt::format("      ! {}\n", fault.get<std::string>());
    return text;
}

std::string stream_text_summary(const Json& summary) {
    std::string text = fmt::format("\n{} bytes, {} records:\n", summary["bytes"].get<std::uint64_t>(),
                                   summary["records"].get<std::uint64_t>());
    for (const auto& [type, sum] : summary["by_type"].items())
        text += fmt::format("  {:12}{:>10} records  {:>14} bytes\n", type, sum["records"].get<std::uint64_t>(),
                            sum["bytes"].get<std::uint64_t>());
    const Json& granules = summary["granules"];
    const auto number = [&](const char* name) { return granules[name].get<std::uint64_t>(); };
    if (number("granules") != 0)
        text += fmt::format("{} granules: {} data, {} zero, {} not sent; sent again {} times ({} granules), after the "
                            "stop {} times; {} times in full though all zero\n",
                            number("granules"), number("data"), number("zero"), number("unsent"), number("resends"),
                            number("granules_sent_again"), number("sent_after_the_stop"), number("zero_in_full"));
    return text;
}

} // namespace transom::tool
