// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace transom::tool {
namespace {
constexpr auto patience = std::chrono::seconds(1);
constexpr auto line_interval = std::chrono::seconds(3);          // between plain lines
constexpr auto redraw_interval = std::chrono::milliseconds(100); // on a terminal
} // namespace

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string progress_bar(double fraction, std::size_t width) {
    fraction = std::clamp(fraction, 0.0, 1.0);
    const auto full = static_cast<std::size_t>(fraction * static_cast<double>(width));
    return fmt::format("[{:#<{}}{:.<{}}] {:3.0f} %", "", full, "", width - full, fraction * 100);
}

Progress::Progress(std::string label)
    : label_(std::move(label)), started_(Clock::now()), shown_(started_), on_terminal_(isatty(STDOUT_FILENO) != 0) {}

Progress::~Progress() {
    if (open_)
        fmt::print("\n");
}

void Progress::show(const std::string& text) {
    const auto now = Clock::now();
    if (now - started_ < patience || text == last_)
        return;
    if (now - shown_ < (on_terminal_ ? Clock::duration(redraw_interval) : Clock::duration(line_interval)))
        return;
    shown_ = now;
    last_ = text;
    if (on_terminal_) {
        fmt::print("\r\x1b[K{}: {}", label_, text);
        open_ = true;
    } else {
        fmt::print("{}: {}\n", label_, text);
    }
    std::fflush(stdout);
}

void Progress::update() { show(fmt::format("{:.0f} s", seconds_since(started_))); }

void Progress::update(double fraction, std::string_view detail) {
    show(fmt::format("{} {}", progress_bar(fraction), detail));
}

void Progress::done(std::string_view result) {
    fmt::print("{}{}: {}\n", open_ ? "\r\x1b[K" : "", label_, result);
    std::fflush(stdout);
    open_ = false;
}

} // namespace transom::tool
