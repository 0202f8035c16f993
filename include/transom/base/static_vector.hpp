// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <transom/base/panic.hpp>
#include <type_traits>

namespace transom {

/// Up to `capacity` trivially destructible elements in place; no heap.
template <class T, std::size_t capacity> class StaticVector {
    static_assert(std::is_trivially_destructible_v<T>);

  public:
    using value_type = T;
    using iterator = T*;
    using const_iterator = const T*;

    constexpr bool full() const { return size_ == capacity; }
    constexpr bool empty() const { return size_ == 0; }
    constexpr std::size_t size() const { return size_; }
    constexpr void clear() { size_ = 0; }

    /// False, and nothing stored, where it is full.
    [[nodiscard]] constexpr bool push_back(const T& element) {
        if (full())
            return false;
        elements_[size_++] = element;
        return true;
    }
    constexpr void pop_back() {
        invariant(size_ > 0, "pop_back of an empty StaticVector");
        --size_;
    }
    constexpr T& operator[](std::size_t index) {
        invariant(index < size_, "StaticVector index out of range");
        return elements_[index];
    }
    constexpr const T& operator[](std::size_t index) const {
        invariant(index < size_, "StaticVector index out of range");
        return elements_[index];
    }
    constexpr T* begin() { return elements_.data(); }
    constexpr T* end() { return elements_.data() + size_; }
    constexpr const T* begin() const { return elements_.data(); }
    constexpr const T* end() const { return elements_.data() + size_; }
    constexpr std::span<const T> span() const { return {elements_.data(), size_}; }

  private:
    std::array<T, capacity> elements_{};
    std::size_t size_ = 0;
};

} // namespace transom
