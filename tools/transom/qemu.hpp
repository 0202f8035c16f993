// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace transom::tool {

struct QemuVersion {
    unsigned major = 0, minor = 0;
    auto operator<=>(const QemuVersion&) const = default;
};

/// The oldest that has what we use (`-netdev stream`).
constexpr QemuVersion oldest_qemu = {7, 2};

/// From the output of `qemu-system-ppc64 --version`.
std::optional<QemuVersion> parse_qemu_version(std::string_view text);
/// Throws Failure, with the remedy, if there is none or if it is too old.
QemuVersion check_qemu(const std::string& path);

} // namespace transom::tool
