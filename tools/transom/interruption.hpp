// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

namespace transom::tool {

/// SIGINT, SIGTERM or SIGHUP arrived. Unwinds like any error, so that destructors end the machines and remove files.
struct Interrupted : std::runtime_error {
    explicit Interrupted(int number) : std::runtime_error("interrupted"), signal(number) {}
    int signal;
};

/// Installs the handlers; SIGPIPE is ignored (writes report EPIPE). Called once, before any thread is started.
void catch_interruptions();
/// Readable once a signal has arrived: for poll loops.
int interruption_fd();
/// Throws Interrupted if a signal has arrived.
void check_interruption();

} // namespace transom::tool
