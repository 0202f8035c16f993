// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>

namespace transom {

using Bytes = std::uint64_t;

/// An address of one kind. Kinds do not mix: only the partition's memory map turns a logical address into a real one.
template <class Tag> struct Address {
    std::uint64_t value = 0;

    constexpr auto operator<=>(const Address&) const = default;
    constexpr Address operator+(Bytes n) const { return {value + n}; }
    constexpr Address operator-(Bytes n) const { return {value - n}; }
    constexpr Bytes operator-(Address other) const { return value - other.value; }
    constexpr bool aligned(Bytes alignment) const { return (value & (alignment - 1)) == 0; }
    constexpr Address align_down(Bytes alignment) const { return {value & ~(alignment - 1)}; }
    constexpr Address align_up(Bytes alignment) const { return {(value + alignment - 1) & ~(alignment - 1)}; }
};

using EffectiveAddr = Address<struct EffectiveTag>; // what an instruction computes
using LogicalAddr = Address<struct LogicalTag>;     // what the partition calls real
using RealAddr = Address<struct RealTag>;           // what the machine calls real

constexpr Bytes kib(std::uint64_t n) { return n << 10; }
constexpr Bytes mib(std::uint64_t n) { return n << 20; }
constexpr Bytes gib(std::uint64_t n) { return n << 30; }

/// [begin, begin + size).
template <class A> struct Range {
    A begin{};
    Bytes size = 0;

    constexpr bool operator==(const Range&) const = default;
    constexpr A end() const { return begin + size; }
    constexpr bool empty() const { return size == 0; }
    /// Whether [address, address + n) lies inside; false where the sum wraps.
    constexpr bool contains(A address, Bytes n = 1) const {
        return address >= begin && n <= size && address - begin <= size - n;
    }
    constexpr bool overlaps(const Range& other) const {
        return !empty() && !other.empty() && begin < other.end() && other.begin < end();
    }
};

using RealRange = Range<RealAddr>;
using LogicalRange = Range<LogicalAddr>;

} // namespace transom
