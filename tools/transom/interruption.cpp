// SPDX-License-Identifier: Apache-2.0
#include "interruption.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace transom::tool {
namespace {

std::atomic<int> arrived = 0;
std::array<int, 2> wake = {-1, -1};

void on_signal(int number) {
    const int saved = errno;
    arrived.store(number);
    [[maybe_unused]] const auto ignored = write(wake[1], "", 1);
    errno = saved;
}

} // namespace

void catch_interruptions() {
    if (pipe2(wake.data(), O_CLOEXEC | O_NONBLOCK) != 0)
        throw std::runtime_error("cannot make a pipe");
    struct sigaction action = {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    for (int number : {SIGINT, SIGTERM, SIGHUP})
        sigaction(number, &action, nullptr);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, nullptr);
}

int interruption_fd() { return wake[0]; }

void check_interruption() {
    if (const int number = arrived.load())
        throw Interrupted(number);
}

} // namespace transom::tool
