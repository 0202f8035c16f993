// SPDX-License-Identifier: Apache-2.0
#include "command_line.hpp"

namespace transom::tool {

void CommandLine::add_keys() {
    auto* const keys = app.add_subcommand("key", "keys by which machines and operators know each other");
    keys->require_subcommand(1);
    auto* const command =
        keys->add_subcommand("make", "make a key for a machine or an operator: FILE, and FILE.pub for others");
    command->add_option("file", key.file, "where the key goes")->required();
    command->callback([this] { status = tool::key_make(key); });
}

void CommandLine::add_stream() {
    auto* const of_stream = app.add_subcommand("stream", "look at a migration stream");
    of_stream->require_subcommand(1);
    auto* const command = of_stream->add_subcommand("dump", "what is in it, record by record");
    command->add_option("file", stream.file, "one direction of it; - is standard input")->required();
    command->add_flag("--all", stream.all, "each granule and each page table entry by itself");
    command->add_option("--json", stream.json, "write the dump to this file, too");
    command->callback([this] { status = tool::stream_dump(stream); });
}

} // namespace transom::tool
