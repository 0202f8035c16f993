// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace transom::hcall_fuzz {

/// The fuzzer's bytes, read from the front. After the end there are zeros.
class Input {
  public:
    explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    bool empty() const { return bytes_.empty(); }
    std::uint8_t byte() {
        if (bytes_.empty())
            return 0;
        const std::uint8_t first = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return first;
    }
    std::uint64_t word(unsigned bytes = 8) {
        std::uint64_t value = 0;
        for (unsigned i = 0; i < bytes; ++i)
            value = value << 8 | byte();
        return value;
    }
    bool flag() { return byte() % 2 != 0; }
    /// One of n, which is at most 256.
    unsigned below(std::size_t n) { return byte() % static_cast<unsigned>(n); }
    template <class T, std::size_t n> T one_of(const T (&values)[n]) { return values[below(n)]; }

  private:
    std::span<const std::uint8_t> bytes_;
};

} // namespace transom::hcall_fuzz
