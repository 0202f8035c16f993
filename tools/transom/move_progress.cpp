// SPDX-License-Identifier: Apache-2.0
#include "move_progress.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace transom::tool {
namespace {

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

} // namespace

std::string phase_in_words(std::string_view state) {
    if (state == "copying")
        return "standing still";
    if (state == "post-copying")
        return "runs there, fetching";
    if (state == "in-doubt")
        return "in doubt: it is being asked whether it runs there";
    return std::string(state);
}

std::string estimate_in_words(const Fields& source) {
    std::string text;
    if (const auto eta = source.number("eta_ms"))
        text = fmt::format(", {:.0f} s to go", std::max(static_cast<double>(*eta) / 1e3, 1.0));
    if (const auto downtime = source.number("predicted_downtime_ms"))
        text += fmt::format(", of that {} ms standing still", *downtime);
    return text;
}

/// A pass, or a phase that is none.
void MoveProgress::begin_part() {
    part_sent_ = sent_;
    // What was left after the pass before is what this one has; the first has all.
    const bool all = pass_ <= 1 && left_ == 0;
    to_send_ = all ? total_ - std::min(done_, total_) : left_;
}

void MoveProgress::take(const Fields& source, Clock::time_point now) {
    const std::string state = source.text("state");
    const std::uint64_t pass = source.number("pass").value_or(0);
    now_ = now;
    estimate_ = estimate_in_words(source);
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
        begin_part();
}

double MoveProgress::fraction() const {
    return total_ == 0 ? 0 : static_cast<double>(std::min(done_, total_)) / static_cast<double>(total_);
}

std::string MoveProgress::text() const {
    std::string text = phase_in_words(state_);
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
    return text + estimate_;
}

} // namespace transom::tool
