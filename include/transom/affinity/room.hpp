// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <transom/base/address.hpp>
#include <transom/base/panic.hpp>
#include <type_traits>

namespace transom::affinity {

/// How many bytes of a Room so many of these take.
template <class T> constexpr Bytes bytes_for(std::size_t count) { return (count * sizeof(T) + 7) / 8 * 8; }

/// Cuts pieces off the memory that an owner gives, since there is no heap. It starts at a multiple of 8.
class Room {
  public:
    explicit Room(std::span<std::byte> bytes) : left_(bytes) {}

    /// So many, each made anew.
    template <class T> std::span<T> take(std::size_t count) {
        static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 8);
        auto* const first = reinterpret_cast<T*>(bytes(bytes_for<T>(count)).data());
        for (std::size_t i = 0; i < count; ++i)
            new (first + i) T{};
        return {first, count};
    }
    std::span<std::byte> bytes(Bytes size) {
        invariant(size <= left_.size(), "affinity: less room than was asked for");
        const auto piece = left_.first(size);
        left_ = left_.subspan(size);
        return piece;
    }

  private:
    std::span<std::byte> left_;
};

} // namespace transom::affinity
