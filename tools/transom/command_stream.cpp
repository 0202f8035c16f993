// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "failure.hpp"
#include "stream_report.hpp"
#include "stream_text.hpp"

#include <cerrno>
#include <cstring>
#include <iostream>

namespace transom::tool {

int stream_dump(const StreamDumpOptions& options) {
    std::ifstream file;
    const bool from_input = options.file == "-";
    if (!from_input) {
        file.open(options.file, std::ios::binary);
        if (!file)
            fail("cannot read {}: {}", options.file, std::strerror(errno));
    }
    std::istream& from = from_input ? std::cin : file;
    StreamReport report(options.json, options.file);
    StreamDump dump(options.all, [&](const nlohmann::ordered_json& entry) {
        fmt::print("{}", stream_text(entry));
        report.add(entry);
    });
    fmt::print("{}", stream_text_head());
    dump.read(from);
    fmt::print("{}", stream_text_summary(dump.summary()));
    report.end(dump);
    if (from.bad())
        fail("cannot read {}", options.file);
    if (dump.fault_count() != 0)
        fail("{}: at offset {:#x}: {}{}", options.file, dump.faults().front().offset, dump.faults().front().what,
             dump.fault_count() == 1 ? "" : fmt::format(" (and {} other faults)", dump.fault_count() - 1));
    return 0;
}

} // namespace transom::tool
