// SPDX-License-Identifier: Apache-2.0
#include "move_progress.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace transom::tool {
namespace {

constexpr std::uint64_t enough_pages = 32; // to know a speed by

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string in_words(std::string_view state) {
    if (state == "copying")
        return "standing still";
    if (state == "post-copying")
        return "runs there, fetching";
    if (state == "in-doubt")
        return "in doubt: it is being asked whether it runs there";
    return std::string(state);
}

} // namespace

/// A pass, or a phase that is none.
void MoveProgress::begin_part(Clock::time_point now) {
    part_began_ = now;
    part_sent_ = sent_;
    // What was left after the pass before is what this one has; the first has all.
    const bool all = pass_ <= 1 && left_ == 0;
    to_send_ = all ? total_ - std::min(done_, total_) : left_;
}

void MoveProgress::take(const Fields& source, Clock::time_point now) {
    const std::string state = source.text("state");
    const std::uint64_t pass = source.number("pass").value_or(0);
    now_ = now;
    total_ = source.number("pages_total").value_or(0);
    done_ = source.number("pages_done").value_or(0);
    left_ = source.number("pages_left").value_or(0);
    bytes_ = source.number("bytes").value_or(0);
    dirty_rate_ = source.number("dirty_rate").value_or(0);
    sent_ = source.number("pages_sent").value_or(0) + source.number("zero_pages").value_or(0);
    const bool next = state != state_ || pass != pass_;
    pass_ = pass;
    state_ = state;
    if (next)
        begin_part(now);
}

double MoveProgress::fraction() const {
    return total_ == 0 ? 0 : static_cast<double>(std::min(done_, total_)) / static_cast<double>(total_);
}

/// Of what is under way: a partition that stores to its memory makes more of it.
std::string MoveProgress::estimate() const {
    const std::uint64_t sent = sent_ - std::min(part_sent_, sent_);
    const double time = seconds(now_ - part_began_);
    if (sent < enough_pages || time <= 0 || to_send_ <= sent)
        return "";
    const double rest = static_cast<double>(to_send_ - sent) * time / static_cast<double>(sent);
    return fmt::format(", {:.0f} s to go{}", std::max(rest, 1.0), state_ == "pre-copying" ? " in this pass" : "");
}

std::string MoveProgress::text() const {
    std::string text = in_words(state_);
    if (state_ == "pre-copying")
        text += fmt::format(", pass {}: {} of {} pages", pass_, sent_ - std::min(part_sent_, sent_), to_send_);
    else if (state_ == "post-copying")
        text += fmt::format(": {} pages to come", left_);
    else
        text += fmt::format(": {} of {} pages", done_, total_);
    if (const double time = seconds(now_ - asked_); time > 0)
        text += fmt::format(", {:.1f} MB/s", static_cast<double>(bytes_) / 1e6 / time);
    if (dirty_rate_ != 0 && state_ == "pre-copying")
        text += fmt::format(", {} pages/s written", dirty_rate_);
    return text + estimate();
}

} // namespace transom::tool
