// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "file_descriptor.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace transom::tool {

/// A program that cannot outlive this one: the kernel kills it when we die, however we die (PR_SET_PDEATHSIG), and the
/// destructor kills it and waits for it. It has a process group of its own, so the terminal's Ctrl-C reaches only us.
/// The kernel watches the *thread* that started it: start children from the main thread only.
class ChildProcess {
  public:
    enum class Streams {
        piped,    ///< standard input and output are pipes of ours
        captured, ///< no input; the output is kept, output() returns it
    };

    ChildProcess() = default;
    /// arguments[0] is looked up in PATH. Throws Failure if the program cannot be started.
    ChildProcess(const std::vector<std::string>& arguments, Streams streams);
    ChildProcess(ChildProcess&&) noexcept;
    ChildProcess& operator=(ChildProcess&&) noexcept;
    ~ChildProcess();

    /// Exit code, or 128 + the signal's number; nothing if it still runs after `timeout`. Throws Interrupted.
    std::optional<int> wait(std::chrono::milliseconds timeout);
    bool running() { return !wait(std::chrono::milliseconds(0)); }
    void kill();

    int input_fd() const { return input_.get(); }
    int output_fd() const { return output_.get(); }
    pid_t pid() const { return pid_; }

    std::string output() const;
    std::string error_text() const;

  private:
    pid_t pid_ = -1;
    std::optional<int> status_;
    FileDescriptor pid_fd_, input_, output_, error_;
};

struct Finished {
    int status;
    std::string output, error_text;
};
/// Runs a program to its end; throws Failure if that takes longer than `timeout`.
Finished run_to_end(const std::vector<std::string>& arguments, std::chrono::milliseconds timeout);

/// The last line that is not blank.
std::string last_line(const std::string& text);

} // namespace transom::tool
