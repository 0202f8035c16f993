// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstring>
#include <transom/base/big_endian.hpp>
#include <transom/migrate/page_delta.hpp>

namespace transom::migrate {

namespace {

constexpr std::size_t word_size = sizeof(std::uint64_t);

bool same_line(const std::byte* a, const std::byte* b) {
    std::uint64_t differs = 0;
    for (std::size_t at = 0; at < delta_line; at += word_size) {
        std::uint64_t x, y;
        std::memcpy(&x, a + at, word_size);
        std::memcpy(&y, b + at, word_size);
        differs |= x ^ y;
    }
    return differs == 0;
}

} // namespace

std::size_t make_delta(std::span<const std::byte> from, std::span<const std::byte> to, std::span<std::byte> out) {
    const std::size_t bits_size = delta_bits_size(to.size());
    if (out.size() < bits_size)
        return 0;
    std::size_t size = bits_size;
    std::uint64_t bits = 0;
    for (std::size_t line = 0; line < to.size() / delta_line; ++line) {
        const std::size_t at = line * delta_line;
        if (!same_line(from.data() + at, to.data() + at)) {
            if (out.size() - size < delta_line)
                return 0;
            std::memcpy(out.data() + size, to.data() + at, delta_line);
            size += delta_line;
            bits |= std::uint64_t{1} << line % 64;
        }
        if (line % 64 == 63 || at + delta_line == to.size()) {
            store_be(out.data() + line / 64 * word_size, bits);
            bits = 0;
        }
    }
    return size;
}

bool is_sound_delta(std::span<const std::byte> delta, Bytes granule) {
    const std::size_t lines = granule / delta_line, bits_size = delta_bits_size(granule);
    if (delta.size() < bits_size)
        return false;
    std::size_t changed = 0;
    for (std::size_t at = 0; at < bits_size; at += word_size) {
        const auto bits = load_be<std::uint64_t>(delta.data() + at);
        const std::size_t left = lines - at / word_size * 64;
        if (left < 64 && bits >> left != 0)
            return false;
        changed += static_cast<std::size_t>(std::popcount(bits));
    }
    return delta.size() == bits_size + changed * delta_line;
}

void apply_delta(std::span<const std::byte> delta, std::span<std::byte> granule) {
    const std::size_t bits_size = delta_bits_size(granule.size());
    const std::byte* line = delta.data() + bits_size;
    for (std::size_t at = 0; at < bits_size; at += word_size)
        for (auto bits = load_be<std::uint64_t>(delta.data() + at); bits != 0; bits &= bits - 1) {
            const std::size_t which = at / word_size * 64 + static_cast<std::size_t>(std::countr_zero(bits));
            std::memcpy(granule.data() + which * delta_line, line, delta_line);
            line += delta_line;
        }
}

} // namespace transom::migrate
