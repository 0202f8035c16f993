// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "stream_fields.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <initializer_list>
#include <transom/migrate/record.hpp>

// How values of a record are written down, for those that take records apart.

namespace transom::tool::stream {

using Json = nlohmann::ordered_json;
using Payload = std::span<const std::byte>;

/// The structure at `at`, which is all there.
template <class T> T object(Payload payload, std::size_t at = 0) {
    T value;
    std::memcpy(&value, payload.subspan(at, sizeof value).data(), sizeof value);
    return value;
}

inline std::string hex(std::uint64_t value) { return fmt::format("{:#x}", value); }

/// The name of a value that counts from 0; the number where it has none.
inline Json word(std::uint64_t value, std::initializer_list<std::string_view> names) {
    return value < names.size() ? Json(names.begin()[value]) : Json(value);
}

/// The names of the bits that are set, the least significant first; "bit 7" where one has none.
inline Json bits(std::uint64_t value, std::initializer_list<std::string_view> names) {
    Json set = Json::array();
    for (unsigned i = 0; i < 64; ++i)
        if ((value >> i & 1) != 0)
            set.push_back(i < names.size() ? std::string(names.begin()[i]) : fmt::format("bit {}", i));
    return set;
}

/// Up to its first zero. What is no printable ASCII is a dot.
template <std::size_t size> std::string text(const std::array<char, size>& field) {
    std::string printable(field.begin(), std::find(field.begin(), field.end(), '\0'));
    std::ranges::replace_if(
        printable, [](char c) { return c < ' ' || c > '~'; }, '.');
    return printable;
}

template <class... Values> void must_be_zero(RecordFields& out, Values... values) {
    if (((std::uint64_t{values} != 0) || ...))
        out.faults.emplace_back("a field that must be zero is not");
}

// Those that take more than a few lines each.
void hello(Payload payload, RecordFields& out);
void page_table(Payload payload, RecordFields& out, bool all);
void vcpu(Payload payload, RecordFields& out);
void areas(Payload payload, RecordFields& out);
void interrupts(Payload payload, RecordFields& out);
void terminal(Payload payload, RecordFields& out);

} // namespace transom::tool::stream
