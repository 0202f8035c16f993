// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace transom::tool {

/// Ethernet frames as QEMU's `-netdev stream` has them on a socket: each behind its length, four bytes, the highest first.
class FrameStream {
  public:
    /// Longer ones QEMU does not send (its NET_BUFSIZE).
    static constexpr std::size_t longest = 4096 + 65536;

    void feed(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
    /// The next frame that is whole, without its length. Throws Failure where the length is none of a frame.
    std::optional<std::vector<std::byte>> next();
    /// Puts one behind others.
    static void append(std::vector<std::byte>& to, std::span<const std::byte> frame);

  private:
    std::vector<std::byte> bytes_;
    std::size_t begin_ = 0; // what is before it has been taken
};

} // namespace transom::tool
