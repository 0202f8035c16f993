// SPDX-License-Identifier: Apache-2.0
#include "platform.hpp"

#include <algorithm>
#include <arch/console.hpp>
#include <arch/processors.hpp>
#include <array>
#include <atomic>
#include <transom/base/spin_lock.hpp>

namespace boot {

using namespace transom;

namespace {
constinit Platform* the_platform = nullptr;
}

Platform& platform() {
    if (the_platform == nullptr)
        for (;;) // nothing can be said before there is a console
            asm volatile("");
    return *the_platform;
}

void set_platform(Platform& platform) { the_platform = &platform; }

void power_off() {
    for (;;)
        platform().request_power_off();
}

namespace {
constinit SpinLock console;
constinit std::atomic<bool> panicking = false;
} // namespace

bool begin_panic() {
    constinit static std::atomic<std::uint32_t> who = ~std::uint32_t{0};
    panicking = true;
    std::uint32_t nobody = ~std::uint32_t{0};
    if (who.compare_exchange_strong(nobody, arch::processor_index()))
        return true;
    while (nobody != arch::processor_index()) // the first one reports; this one is not to cut that off
        asm volatile("or 27, 27, 27");
    return false;
}

void write_console(std::string_view text) {
    if (panicking) // who has the console may wait for us
        return platform().console_write(text);
    const Locked whole(console);
    platform().console_write(text);
}

} // namespace boot

namespace arch {

void console_line(std::string_view line) {
    // One write: a line of the log is never torn by a partition's output.
    constexpr std::string_view prefix = "transom: ", end = "\r\n";
    std::array<char, 320> text;
    char* at = std::copy(prefix.begin(), prefix.end(), text.data());
    const std::size_t room = text.size() - prefix.size() - end.size();
    at = std::copy_n(line.begin(), std::min(line.size(), room), at);
    at = std::copy(end.begin(), end.end(), at);
    boot::write_console({text.data(), static_cast<std::size_t>(at - text.data())});
}

} // namespace arch
