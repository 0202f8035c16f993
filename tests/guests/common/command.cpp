// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"

#include "hypercall.hpp"

#include <utility>

namespace guest {

namespace {

constexpr std::uint64_t terminal = 0x7100'0000;
std::array<char, 512> buffer;
std::size_t size = 0;       // of the line that comes
Answer typed;               // what the last H_GET_TERM_CHAR brought
std::uint64_t typed_at = 0; // bytes of it that have been taken

std::optional<char> next_char() {
    if (typed_at >= typed.r(4)) {
        typed = hcall(call::get_term_char, terminal);
        typed_at = 0;
        if (typed.r(4) == 0)
            return {};
    }
    const auto word = typed.r(5 + static_cast<unsigned>(typed_at / 8));
    return static_cast<char>(word >> (56 - 8 * (typed_at++ % 8)));
}

std::string_view take_word(std::string_view& line) {
    while (line.starts_with(' '))
        line.remove_prefix(1);
    const auto word = line.substr(0, line.find(' '));
    line.remove_prefix(word.size());
    return word;
}

} // namespace

std::optional<Command> Command::parse(std::string_view line) {
    Command command{.word = take_word(line)};
    for (auto word = take_word(line); !word.empty(); word = take_word(line)) {
        if (command.count == most)
            return std::nullopt;
        auto& value = command.values[command.count++];
        for (const char c : word) {
            if (c < '0' || c > '9')
                return std::nullopt;
            value = value * 10 + static_cast<std::uint64_t>(c - '0');
        }
    }
    return command;
}

std::optional<std::string_view> take_line() {
    while (const auto c = next_char()) {
        if (*c == '\n' || *c == '\r')
            return std::string_view(buffer.data(), std::exchange(size, 0));
        if (size < buffer.size())
            buffer[size++] = *c;
    }
    return {};
}

std::string_view read_line() {
    for (;;)
        if (const auto line = take_line())
            return *line;
}

} // namespace guest
