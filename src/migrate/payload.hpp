// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <transom/base/panic.hpp>

namespace transom::migrate {

/// Appends objects to a payload that is known to be large enough.
class PayloadWriter {
  public:
    explicit PayloadWriter(std::span<std::byte> to) : to_(to) {}

    template <class T> void put(const T& object) { put_bytes(std::as_bytes(std::span(&object, 1))); }
    void put_bytes(std::span<const std::byte> bytes) {
        invariant(bytes.size() <= to_.size() - size_, "payload larger than its buffer");
        std::memcpy(to_.data() + size_, bytes.data(), bytes.size());
        size_ += bytes.size();
    }
    std::size_t size() const { return size_; }

  private:
    std::span<std::byte> to_;
    std::size_t size_ = 0;
};

/// Element `index` of an array of objects at the start of `bytes`, which is large enough.
template <class T> T element(std::span<const std::byte> bytes, std::size_t index) {
    T object;
    std::memcpy(&object, bytes.subspan(index * sizeof(T), sizeof(T)).data(), sizeof object);
    return object;
}

} // namespace transom::migrate
