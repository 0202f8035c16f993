// SPDX-License-Identifier: Apache-2.0
#include "qemu.hpp"

#include "child_process.hpp"
#include "failure.hpp"
#include "paths.hpp"

#include <charconv>
#include <filesystem>
#include <fmt/format.h>

namespace transom::tool {

std::optional<QemuVersion> parse_qemu_version(std::string_view text) {
    constexpr std::string_view words = "QEMU emulator version ";
    const auto at = text.find(words);
    if (at == std::string_view::npos)
        return {};
    const char* const begin = text.data() + at + words.size();
    const char* const end = text.data() + text.size();
    QemuVersion version;
    const auto [dot, error] = std::from_chars(begin, end, version.major);
    if (error != std::errc{} || dot == end || *dot != '.')
        return {};
    if (std::from_chars(dot + 1, end, version.minor).ec != std::errc{})
        return {};
    return version;
}

QemuVersion check_qemu(const std::string& path) {
    constexpr std::string_view remedy = "run tools/setup, or name one with --qemu PATH";
    Finished finished;
    try {
        finished = run_to_end({path, "--version"}, std::chrono::seconds(20));
    } catch (const Failure& failure) {
        fail("{}: {}", failure.what(), remedy);
    }
    const auto version = parse_qemu_version(finished.output);
    if (finished.status != 0 || !version)
        fail("{} does not say which QEMU it is: {}", path, remedy);
    if (*version < oldest_qemu)
        fail("{} is QEMU {}.{}, too old: {}.{} or newer is needed; {}", path, version->major, version->minor,
             oldest_qemu.major, oldest_qemu.minor, remedy);
    return *version;
}

std::string find_counting_qemu(const std::string& qemu) {
    constexpr unsigned counting_qemu = 10; // older ones end with "Bad icount read" in the firmware
    if (check_qemu(qemu).major >= counting_qemu)
        return qemu;
    const auto other = cache_directory() / "qemu10/qemu-system-ppc64";
    if (std::filesystem::is_regular_file(other) && check_qemu(other.string()).major >= counting_qemu)
        return other.string();
    return {};
}

std::vector<std::string> counting(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-icount", fmt::format("shift={}", icount_shift)});
    return arguments;
}

} // namespace transom::tool
