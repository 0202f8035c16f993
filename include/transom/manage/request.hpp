// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <transom/base/static_vector.hpp>
#include <transom/net/byte_stream.hpp>

namespace transom::manage {

/// Why a request can not be understood, and the word that is to blame.
struct RequestError {
    std::string_view name;
    std::string_view word;
};

/// One line, taken apart: `verb key=value key="a value"`. Refers to the line.
class Request {
  public:
    static std::expected<Request, RequestError> parse(std::string_view line);

    std::string_view verb() const { return verb_; }
    /// The value of a key that came; marks it as known.
    std::optional<std::string_view> take(std::string_view key);
    /// A key that nobody took.
    std::optional<std::string_view> left_over() const;

  private:
    struct Pair {
        std::string_view key;
        std::string_view value;
        bool taken = false;
    };
    std::string_view verb_;
    StaticVector<Pair, 12> pairs_;
};

/// A decimal number, the whole text and nothing else.
std::optional<std::uint64_t> parse_number(std::string_view text);
/// Four decimal numbers with dots.
std::optional<net::Ipv4Address> parse_address(std::string_view text);

} // namespace transom::manage
