// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace transom::tool {

/// What is in the payload of a record, in words. Counts are numbers; addresses, registers and bit masks are text in hexadecimal. Of
/// registers only those are there that are not zero, of sources of interrupts those in use.
struct RecordFields {
    nlohmann::ordered_json fields = nlohmann::ordered_json::object();
    std::vector<std::string> faults; ///< against docs/stream.md
};

/// "zero_pages" and so on; "type 77" where docs/stream.md has no such type.
std::string record_name(std::uint16_t type);

/// Nothing of a payload that is shorter or longer than its type says, or of a type that is not known. `all`: each page table entry.
RecordFields fields_of(std::uint16_t type, std::span<const std::byte> payload, bool all);

} // namespace transom::tool
