// SPDX-License-Identifier: Apache-2.0
#include "cpio.hpp"

#include <fmt/format.h>

namespace transom::tool {
namespace {
constexpr unsigned directory = 0040755, program = 0100755, file = 0100644;
} // namespace

void CpioArchive::append(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

void CpioArchive::align() { bytes_.resize((bytes_.size() + 3) / 4 * 4); }

// "newc": a magic number and thirteen fields of eight hexadecimal digits, the name with its zero, the contents; name and
// contents end at multiples of four. Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
void CpioArchive::add(std::string_view name, unsigned mode, std::span<const std::byte> contents) {
    constexpr unsigned root = 0, time = 0, device = 0, checksum = 0;
    const unsigned links = mode == directory ? 2 : 1;
    append("070701");
    append(fmt::format("{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}", ++inode_, mode, root, root, links, time,
                       contents.size()));
    append(
        fmt::format("{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}", device, device, device, device, name.size() + 1, checksum));
    append(name);
    bytes_.push_back({});
    align();
    bytes_.insert(bytes_.end(), contents.begin(), contents.end());
    align();
}

void CpioArchive::add_directory(std::string_view name) { add(name, directory, {}); }

void CpioArchive::add_file(std::string_view name, std::span<const std::byte> contents, bool executable) {
    add(name, executable ? program : file, contents);
}

std::vector<std::byte> CpioArchive::finish() {
    add("TRAILER!!!", 0, {});
    return std::move(bytes_);
}

} // namespace transom::tool
