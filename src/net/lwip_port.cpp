// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <arch/clock.hpp>
#include <cstdint>
#include <cstring>
#include <lwip/opt.h>
#include <lwip/sys.h>
#include <transom/base/log.hpp>
#include <transom/base/panic.hpp>
#include <transom/net/clock.hpp>

// What lwIP calls.

namespace {

constinit std::uint64_t ticks_in_a_millisecond =
    512000; // as on every POWER server, until the device tree has been read

} // namespace

namespace transom::net {

void set_timebase_frequency(std::uint64_t frequency) {
    ticks_in_a_millisecond = std::max<std::uint64_t>(frequency / 1000, 1);
}

std::uint64_t ticks_per_millisecond() { return ticks_in_a_millisecond; }

} // namespace transom::net

/// Milliseconds, for its timers.
extern "C" u32_t sys_now() { return static_cast<u32_t>(arch::timebase() / ticks_in_a_millisecond); }

extern "C" void transom_lwip_assert(const char* what, const char* file, int line) {
    transom::log("lwip: {}:{}", file, line);
    transom::panic(what);
}

/// Where port numbers start; no secret.
extern "C" unsigned int transom_lwip_random() {
    std::uint64_t x = arch::timebase() + 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return static_cast<unsigned int>(x >> 31);
}

/// The Internet checksum's sum (RFC 1071), not inverted, in the order of the bytes in memory. Sixteen-bit sums with end-around
/// carry are the same modulo 0xffff in words of any size, so it adds 32 bits at a time.
extern "C" unsigned short transom_lwip_checksum(const void* data, int length) {
    const auto* at = static_cast<const std::byte*>(data);
    std::uint64_t sum = 0;
    for (; length >= 32; length -= 32, at += 32) {
        std::uint64_t words[4];
        std::memcpy(words, at, sizeof words);
        for (const std::uint64_t word : words)
            sum += (word & 0xffffffff) + (word >> 32);
    }
    for (; length >= 2; length -= 2, at += 2) {
        std::uint16_t word;
        std::memcpy(&word, at, sizeof word);
        sum += word;
    }
    if (length != 0)
        sum += static_cast<std::uint8_t>(*at); // the low byte of a little-endian word
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<unsigned short>(sum);
}
