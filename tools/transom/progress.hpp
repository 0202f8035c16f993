// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "console_filter.hpp"

#include <string>

namespace transom::tool {

/// "[######....]  60 %": `fraction` from 0 to 1.
std::string progress_bar(double fraction, std::size_t width = 30);

/// Something that may take longer than a second: shown from then on, on a terminal as one line that changes, otherwise as a
/// line now and then. Closed by done(), or by the destructor when it was not finished.
class Progress {
  public:
    explicit Progress(std::string label);
    Progress(const Progress&) = delete;
    ~Progress();

    /// Without a known end: how long it has taken so far.
    void update();
    void update(double fraction, std::string_view detail);
    /// The last line; printed however short it took.
    void done(std::string_view result);

  private:
    void show(const std::string& text);

    std::string label_, last_;
    Clock::time_point started_, shown_;
    bool on_terminal_, open_ = false;
};

double seconds_since(Clock::time_point start);

} // namespace transom::tool
