// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "child_process.hpp"
#include "console.hpp"
#include "host_time.hpp"

#include <memory>

namespace transom::tool {

/// One QEMU process with its console read in the background. Gone when this object is gone.
class Machine {
  public:
    /// `name` is what the user calls it ("machine A").
    Machine(std::string name, const std::vector<std::string>& qemu_arguments);

    Console& console() { return *console_; }
    const std::string& name() const { return name_; }
    Clock::time_point started() const { return started_; }
    HostTime had_of_host() const { return host_time(process_.pid()); }
    /// Throws Failure if QEMU has ended, with its last words.
    void check_running();
    /// Waits for the machine to switch itself off. Throws Failure if it does not, or if QEMU reports an error.
    void wait_for_power_off(Clock::time_point until);
    /// Throws Failure: `what`, followed by the end of the console.
    [[noreturn]] void fail_with_console(std::string_view what);

  private:
    std::string name_;
    Clock::time_point started_;
    ChildProcess process_;
    std::unique_ptr<Console> console_; // after process_: its thread ends first
};

/// "QEMU ended with status N: its last line".
std::string describe_end(const ChildProcess& process, int status);

} // namespace transom::tool
