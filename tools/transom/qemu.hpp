// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// With `-icount shift=1` each instruction takes this much of QEMU's time.
constexpr std::uint64_t icount_shift = 1, icount_ns = 1 << icount_shift;
/// A QEMU that can count instructions: `qemu`, else the one that tools/setup --qemu10 brings, else nothing.
std::string find_counting_qemu(const std::string& qemu);
/// The command line, made to count.
std::vector<std::string> counting(std::vector<std::string> arguments);

} // namespace transom::tool
