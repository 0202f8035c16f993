// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace guest {

/// Text built in place; what does not fit is cut.
class Line {
  public:
    static constexpr std::size_t capacity = 384;

    Line& text(std::string_view s);
    Line& decimal(std::int64_t value);
    Line& hex(std::uint64_t value); // with 0x

    Line& operator<<(std::string_view s) { return text(s); }
    Line& operator<<(const char* s) { return text(s); }
    template <std::signed_integral T> Line& operator<<(T value) { return decimal(value); }
    template <std::unsigned_integral T> Line& operator<<(T value) { return hex(value); }

    std::string_view view() const { return {buffer_.data(), size_}; }
    bool empty() const { return size_ == 0; }
    void clear() { size_ = 0; }

  private:
    std::array<char, capacity> buffer_;
    std::size_t size_ = 0;
};

/// Prints the text and a newline on the partition's terminal; returns when the hypervisor has taken it all.
void print(std::string_view text);
inline void print(const Line& line) { print(line.view()); }

} // namespace guest
