// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"
#include "interruption.hpp"
#include "json_file.hpp"

#include <cstdio>
#include <exception>
#include <fmt/format.h>

int main(int argc, char** argv) {
    using namespace transom::tool;
    constexpr int exit_failure = 1, exit_usage = 2;
    try {
        catch_interruptions();
        CommandLine line;
        try {
            line.app.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            return line.app.exit(error) == 0 ? 0 : exit_usage;
        }
        return line.status;
    } catch (const Interrupted& interrupted) {
        fmt::print(stderr, "\ntransom: interrupted; no machine that this command has started is left running\n");
        JsonFile::fail("interrupted");
        return 128 + interrupted.signal;
    } catch (const std::exception& error) {
        std::fflush(stdout);
        fmt::print(stderr, "transom: {}\n", error.what());
        JsonFile::fail(error.what());
        return exit_failure;
    }
}
