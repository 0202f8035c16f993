// SPDX-License-Identifier: Apache-2.0
#include "frame_stream.hpp"

#include "failure.hpp"

#include <cstdint>

namespace transom::tool {
namespace {
constexpr std::size_t length_bytes = 4;
} // namespace

std::optional<std::vector<std::byte>> FrameStream::next() {
    if (bytes_.size() - begin_ < length_bytes)
        return {};
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < length_bytes; ++i)
        length = length << 8 | std::to_integer<std::uint32_t>(bytes_[begin_ + i]);
    if (length == 0 || length > longest)
        fail("the link: a QEMU sends a frame of {} bytes", length);
    if (bytes_.size() - begin_ - length_bytes < length) {
        bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
        begin_ = 0;
        return {};
    }
    const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(begin_ + length_bytes);
    begin_ += length_bytes + length;
    return std::vector<std::byte>(begin, begin + static_cast<std::ptrdiff_t>(length));
}

void FrameStream::append(std::vector<std::byte>& to, std::span<const std::byte> frame) {
    for (std::size_t i = 0; i < length_bytes; ++i)
        to.push_back(static_cast<std::byte>(frame.size() >> 8 * (length_bytes - 1 - i)));
    to.insert(to.end(), frame.begin(), frame.end());
}

} // namespace transom::tool
