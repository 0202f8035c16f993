// SPDX-License-Identifier: Apache-2.0
#include "child_process.hpp"

#include "failure.hpp"
#include "interruption.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace transom::tool {
namespace {

FileDescriptor memory_file(const char* name) {
    FileDescriptor file(memfd_create(name, MFD_CLOEXEC));
    if (!file)
        fail("cannot make a memory file: {}", std::strerror(errno));
    return file;
}

struct Pipe {
    FileDescriptor read_end, write_end;
};

Pipe make_pipe() {
    std::array<int, 2> ends;
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
        fail("cannot make a pipe: {}", std::strerror(errno));
    return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

std::string contents(const FileDescriptor& file) {
    std::string text;
    std::array<char, 4096> block;
    if (!file)
        return text;
    for (ssize_t n; (n = pread(file.get(), block.data(), block.size(), static_cast<off_t>(text.size()))) > 0;)
        text.append(block.data(), static_cast<std::size_t>(n));
    return text;
}

struct ChildSide {
    int input, output, error, failure;
    pid_t parent;
};

/// Between fork and exec: async-signal-safe calls only, other threads may hold any lock.
[[noreturn]] void become(const ChildSide& side, char* const* arguments) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != side.parent)
        _exit(127); // died before the line above could see it
    setpgid(0, 0);
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    sigaction(SIGPIPE, &action, nullptr);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(side.input, STDIN_FILENO);
    dup2(side.output, STDOUT_FILENO);
    dup2(side.error, STDERR_FILENO);
    execvp(arguments[0], arguments);
    const int reason = errno;
    [[maybe_unused]] const auto ignored = write(side.failure, &reason, sizeof reason);
    _exit(127);
}

} // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments, Streams streams) : error_(memory_file("stderr")) {
    FileDescriptor child_input, child_output;
    if (streams == Streams::piped) {
        Pipe in = make_pipe(), out = make_pipe();
        child_input = std::move(in.read_end);
        input_ = std::move(in.write_end);
        child_output = std::move(out.write_end);
        output_ = std::move(out.read_end);
    } else {
        child_input = FileDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC));
        output_ = memory_file("stdout");
        child_output = FileDescriptor(fcntl(output_.get(), F_DUPFD_CLOEXEC, 0));
        if (!child_input || !child_output)
            fail("cannot prepare the streams of {}: {}", arguments[0], std::strerror(errno));
    }
    Pipe failure = make_pipe();

    std::vector<char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (const std::string& argument : arguments)
        pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    const ChildSide side = {child_input.get(), child_output.get(), error_.get(), failure.write_end.get(), getpid()};
    pid_ = fork();
    if (pid_ < 0)
        fail("cannot start {}: {}", arguments[0], std::strerror(errno));
    if (pid_ == 0)
        become(side, pointers.data());
    setpgid(pid_, pid_); // also here: whoever comes first
    pid_fd_ = FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));

    failure.write_end.reset();
    int reason = 0;
    if (read(failure.read_end.get(), &reason, sizeof reason) == sizeof reason) {
        kill();
        fail("cannot start {}: {}", arguments[0], std::strerror(reason));
    }
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(other.status_), pid_fd_(std::move(other.pid_fd_)),
      input_(std::move(other.input_)), output_(std::move(other.output_)), error_(std::move(other.error_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
    if (this != &other) {
        kill();
        pid_ = std::exchange(other.pid_, -1);
        status_ = other.status_;
        pid_fd_ = std::move(other.pid_fd_);
        input_ = std::move(other.input_);
        output_ = std::move(other.output_);
        error_ = std::move(other.error_);
    }
    return *this;
}

ChildProcess::~ChildProcess() { kill(); }

void ChildProcess::kill() {
    if (pid_ <= 0 || status_)
        return;
    ::kill(-pid_, SIGKILL);
    int raw = 0;
    while (waitpid(pid_, &raw, 0) < 0 && errno == EINTR) {}
    status_ = 128 + SIGKILL;
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds timeout) {
    if (pid_ <= 0 || status_)
        return status_;
    std::array<pollfd, 2> watched = {pollfd{pid_fd_.get(), POLLIN, 0}, pollfd{interruption_fd(), POLLIN, 0}};
    const nfds_t count = timeout.count() > 0 ? 2 : 1;
    const int ready = poll(watched.data(), count, static_cast<int>(timeout.count()));
    if (count == 2)
        check_interruption();
    if (ready <= 0 || watched[0].revents == 0)
        return {};
    int raw = 0;
    if (waitpid(pid_, &raw, WNOHANG) != pid_)
        return {};
    status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    return status_;
}

std::string ChildProcess::output() const { return contents(output_); }
std::string ChildProcess::error_text() const { return contents(error_); }

Finished run_to_end(const std::vector<std::string>& arguments, std::chrono::milliseconds timeout) {
    ChildProcess child(arguments, ChildProcess::Streams::captured);
    const auto status = child.wait(timeout);
    if (!status)
        fail("{} did not end within {} s", arguments[0], timeout.count() / 1000);
    return {*status, child.output(), child.error_text()};
}

std::string last_line(const std::string& text) {
    const auto end = text.find_last_not_of(" \t\r\n");
    if (end == std::string::npos)
        return {};
    const auto begin = text.rfind('\n', end);
    return text.substr(begin == std::string::npos ? 0 : begin + 1,
                       end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}

} // namespace transom::tool
