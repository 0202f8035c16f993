// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <transom/manage/request.hpp>

namespace transom::manage {

namespace {

void skip_blanks(std::string_view& line) {
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t'))
        line.remove_prefix(1);
}

std::string_view take_until(std::string_view& line, std::string_view ends) {
    const std::string_view taken = line.substr(0, line.find_first_of(ends));
    line.remove_prefix(taken.size());
    return taken;
}

} // namespace

std::expected<Request, RequestError> Request::parse(std::string_view line) {
    Request request;
    skip_blanks(line);
    request.verb_ = take_until(line, " \t");
    for (skip_blanks(line); !line.empty(); skip_blanks(line)) {
        const std::string_view rest = line;
        const std::string_view key = take_until(line, "= \t");
        if (key.empty() || line.empty() || line.front() != '=')
            return std::unexpected(RequestError{"syntax", rest});
        line.remove_prefix(1);
        std::string_view value;
        if (!line.empty() && line.front() == '"') {
            line.remove_prefix(1);
            value = take_until(line, "\"");
            if (line.empty())
                return std::unexpected(RequestError{"syntax", rest});
            line.remove_prefix(1);
        } else {
            value = take_until(line, " \t");
        }
        for (const Pair& pair : request.pairs_)
            if (pair.key == key)
                return std::unexpected(RequestError{"syntax", rest});
        if (!request.pairs_.push_back({key, value}))
            return std::unexpected(RequestError{"unknown-key", key});
    }
    return request;
}

std::optional<std::string_view> Request::take(std::string_view key) {
    for (Pair& pair : pairs_)
        if (pair.key == key) {
            pair.taken = true;
            return pair.value;
        }
    return std::nullopt;
}

std::optional<std::string_view> Request::left_over() const {
    for (const Pair& pair : pairs_)
        if (!pair.taken)
            return pair.key;
    return std::nullopt;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t value = 0;
    const char* begin = text.data();
    const char* end = begin + text.size();
    const auto parsed = std::from_chars(begin, end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end || text.empty())
        return std::nullopt;
    return value;
}

std::optional<net::Ipv4Address> parse_address(std::string_view text) {
    net::Ipv4Address address;
    for (int part = 0; part < 4; ++part) {
        const auto dot = text.find('.');
        if ((dot == std::string_view::npos) != (part == 3))
            return std::nullopt;
        const auto value = parse_number(text.substr(0, dot));
        if (!value || *value > 255)
            return std::nullopt;
        address.value = address.value << 8 | static_cast<std::uint32_t>(*value);
        text.remove_prefix(part == 3 ? text.size() : dot + 1);
    }
    return address;
}

} // namespace transom::manage
