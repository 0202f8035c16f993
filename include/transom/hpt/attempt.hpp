// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <transom/hpt/error.hpp>
#include <utility>

namespace transom::hpt {

/// A value, or why there is none: std::expected with the two side by side. In a union GCC 12 keeps both in memory, and what
/// a page table call holds between its beginning and its end is to stay in registers. `T` has a default value.
template <class T> class [[nodiscard]] Attempt {
  public:
    constexpr Attempt(T value) : value_(std::move(value)), there_(true) {}
    constexpr Attempt(const std::unexpected<TableError>& error) : error_(error.error()) {}

    explicit constexpr operator bool() const { return there_; }
    constexpr bool has_value() const { return there_; }
    constexpr T& operator*() { return value_; }
    constexpr const T& operator*() const { return value_; }
    constexpr T* operator->() { return &value_; }
    constexpr const T* operator->() const { return &value_; }
    constexpr TableError error() const { return error_; }

  private:
    T value_{};
    TableError error_{};
    bool there_ = false;
};

} // namespace transom::hpt
