// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/manage/upload.hpp>
#include <utility>

namespace transom::manage {

void Upload::begin(std::span<std::byte> memory, std::uint64_t digest) {
    *this = Upload();
    memory_ = memory;
    expected_ = digest;
}

std::size_t Upload::take(std::span<const std::byte> bytes) {
    const auto piece = bytes.first(std::min(bytes.size(), memory_.size() - arrived_));
    std::ranges::copy(piece, memory_.begin() + static_cast<std::ptrdiff_t>(arrived_));
    digest_.add(piece);
    arrived_ += piece.size();
    return piece.size();
}

std::span<std::byte> Upload::end() {
    arrived_ = 0;
    return std::exchange(memory_, {});
}

} // namespace transom::manage
