// SPDX-License-Identifier: Apache-2.0
#include "firmware_log.hpp"

namespace transom::tool {
namespace {

enum class Match { none, partial, complete };

/// Reads what a stamp is made of, in its order.
class StampReader {
  public:
    explicit StampReader(std::string_view text) : text_(text) {}

    bool take(bool (*is)(char), std::size_t least, std::size_t most) {
        std::size_t taken = 0;
        while (taken < most && at_ < text_.size() && is(text_[at_])) {
            ++taken;
            ++at_;
        }
        return taken >= least;
    }
    bool take(char c) {
        const bool is = at_ < text_.size() && text_[at_] == c;
        at_ += is ? 1 : 0;
        return is;
    }
    bool at_end() const { return at_ == text_.size(); }

  private:
    std::string_view text_;
    std::size_t at_ = 0;
};

/// "[", seconds after spaces, ".", nine digits, ",", the level, "] ". Linux' own stamps have six digits and no level.
Match match_stamp(std::string_view text) {
    constexpr std::size_t widest = 11;
    const auto space = [](char c) { return c == ' '; };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    StampReader stamp(text);
    if (stamp.take('[') && stamp.take(space, 0, widest) && stamp.take(digit, 1, widest) && stamp.take('.') &&
        stamp.take(digit, 9, 9) && stamp.take(',') && stamp.take(digit, 1, 1) && stamp.take(']') && stamp.take(' '))
        return Match::complete;
    return stamp.at_end() ? Match::partial : Match::none;
}

} // namespace

void FirmwareLogFilter::feed(std::string_view bytes, std::string& rest) {
    for (const char byte : bytes) {
        if (in_line_) {
            in_line_ = byte != '\n';
            continue;
        }
        held_ += byte;
        while (!held_.empty()) {
            const Match match = match_stamp(held_);
            if (match == Match::partial)
                break;
            if (match == Match::complete) {
                in_line_ = true;
                held_.clear();
            } else {
                rest += held_.front();
                held_.erase(0, 1);
            }
        }
    }
}

} // namespace transom::tool
