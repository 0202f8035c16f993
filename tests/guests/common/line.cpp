// SPDX-License-Identifier: Apache-2.0
#include "line.hpp"

#include "hypercall.hpp"

#include <cstring>
#include <transom/base/big_endian.hpp>

namespace guest {

namespace {

constexpr std::uint64_t terminal = 0x7100'0000; // unit address of /vdevice/vty@71000000
constexpr std::size_t most_per_call = 16;       // LoPAR H_PUT_TERM_CHAR

void put(std::string_view text) {
    while (!text.empty()) {
        const auto n = text.size() < most_per_call ? text.size() : most_per_call;
        std::array<std::byte, most_per_call> chunk{};
        std::memcpy(chunk.data(), text.data(), n);
        const auto high = transom::load_be<std::uint64_t>(chunk.data());
        const auto low = transom::load_be<std::uint64_t>(chunk.data() + 8);
        while (hcall(call::put_term_char, terminal, n, high, low).status == status::busy) {}
        text.remove_prefix(n);
    }
}

} // namespace

Line& Line::text(std::string_view s) {
    const auto n = s.size() < capacity - size_ ? s.size() : capacity - size_;
    std::memcpy(buffer_.data() + size_, s.data(), n);
    size_ += n;
    return *this;
}

Line& Line::decimal(std::int64_t value) {
    std::array<char, 20> digits;
    std::size_t n = 0;
    auto rest = value < 0 ? -static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    do {
        digits[n++] = static_cast<char>('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        text("-");
    while (n)
        text({&digits[--n], 1});
    return *this;
}

Line& Line::hex(std::uint64_t value) {
    std::array<char, 16> digits;
    std::size_t n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value);
    text("0x");
    while (n)
        text({&digits[--n], 1});
    return *this;
}

void print(std::string_view text) {
    put(text);
    put("\n");
}

} // namespace guest
