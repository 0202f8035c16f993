// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "console_filter.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace transom::tool {

/// A machine's serial console, read by a thread of its own from the first byte on: each byte has its time of arrival,
/// whatever the rest of the tool is doing. Does not own the file descriptors.
class Console {
  public:
    Console(int from_machine, int to_machine);
    Console(const Console&) = delete;
    ~Console();

    void send(std::string_view bytes);

    /// Position in the terminal's text where what arrives from now on begins.
    std::size_t mark() const;
    /// The position behind the first `text` at or after `from`; nothing when time is up or the console has been closed.
    /// Throws Interrupted.
    std::optional<std::size_t> wait_for(std::string_view text, std::size_t from, Clock::time_point until);
    /// The time at which the hypervisor logged a line that contains `text`.
    std::optional<Clock::time_point> wait_for_log(std::string_view text, Clock::time_point until);

    std::string terminal_from(std::size_t from) const;
    Clock::time_point arrival(std::size_t offset) const;
    std::vector<TimedLine> log() const;
    ConsoleFilter snapshot() const;
    bool closed() const;
    /// All that came, log and terminal together, as it came.
    std::string raw() const;
    /// The last lines of it.
    std::string tail(std::size_t lines) const;

  private:
    void read_until_closed();
    template <class Found> bool wait_until(Clock::time_point until, Found found);

    int from_machine_, to_machine_;
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    ConsoleFilter filter_;
    std::string raw_;
    bool closed_ = false;
    std::atomic<bool> stop_ = false;
    std::thread reader_;
};

} // namespace transom::tool
