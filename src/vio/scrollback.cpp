// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <transom/vio/scrollback.hpp>

namespace transom::vio {

void Scrollback::add(std::span<const std::uint8_t> written) {
    if (memory_.empty())
        return;
    for (const std::uint8_t byte : written) {
        memory_[end_] = byte;
        end_ = end_ + 1 == memory_.size() ? 0 : end_ + 1;
    }
    size_ = std::min(size_ + written.size(), memory_.size());
}

std::size_t Scrollback::copy(std::size_t from_end, std::span<std::uint8_t> to) const {
    from_end = std::min(from_end, size_);
    const std::size_t n = std::min(from_end, to.size());
    std::size_t at = end_ >= from_end ? end_ - from_end : end_ + memory_.size() - from_end;
    for (std::uint8_t& byte : to.first(n)) {
        byte = memory_[at];
        at = at + 1 == memory_.size() ? 0 : at + 1;
    }
    return n;
}

} // namespace transom::vio
