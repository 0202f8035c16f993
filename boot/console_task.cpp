// SPDX-License-Identifier: Apache-2.0
#include "console_task.hpp"

#include <arch/clock.hpp>
#include <array>
#include <transom/partition/terminals.hpp>
#include <transom/vio/terminal.hpp>

namespace boot {

namespace partition = transom::partition;

namespace {
constexpr std::size_t bytes_per_write = 512;
constexpr std::size_t bytes_per_read = 64;
// Whoever runs on another processor may write as fast as this: what is there now is no more than a terminal holds.
constexpr std::size_t most_written = sizeof(transom::vio::Terminal::output.bytes);
// How often input is looked for: while somebody types, and a while longer, and else. A person does not feel either.
constexpr std::uint64_t typing_ms = 5, quiet_ms = 50, typing_ends_ms = 1000;
} // namespace

ConsoleTask::ConsoleTask(Platform& platform, partition::Roster& roster, std::uint64_t frequency)
    : platform_(platform), roster_(roster), millisecond_(frequency / 1000) {}

/// Some of what a terminal has: how much.
std::size_t ConsoleTask::write_out(partition::Partition& partition, std::uint32_t terminal) {
    std::array<std::uint8_t, bytes_per_write> bytes;
    const std::size_t n = partition::take_written(partition, terminal, bytes);
    if (n != 0)
        write_console({reinterpret_cast<const char*>(bytes.data()), n});
    return n;
}

bool ConsoleTask::drain() {
    bool any = false;
    roster_.for_each([&](partition::Partition& partition) {
        constexpr std::uint32_t first = 0; // the others have no part in the console
        if (!partition::has_session(partition, first) && write_out(partition, first) != 0)
            any = true;
    });
    return any;
}

void ConsoleTask::flush() {
    for (std::size_t written = 0; written < most_written && drain(); written += bytes_per_write) {}
}

void ConsoleTask::flush(partition::Partition& partition) {
    for (std::uint32_t i = 0; i < partition.terminal_count; ++i)
        for (std::size_t written = 0, n = 0; written < most_written && (n = write_out(partition, i)) != 0;
             written += n) {}
}

void ConsoleTask::attach(const partition::Partition& partition) { attached_ = partition.name_storage; }

partition::Partition* ConsoleTask::attached() {
    partition::Partition* found = attached_.front() == 0 ? nullptr : roster_.find(attached_.data());
    if (found != nullptr)
        return found;
    roster_.for_each([&](partition::Partition& other) {
        if (other.state == partition::PartitionState::running)
            found = &other;
    });
    if (found != nullptr)
        attach(*found);
    return found;
}

/// True: somebody types, or what was typed has no room yet.
bool ConsoleTask::take_input() {
    platform_.poll();
    std::array<char, bytes_per_read> typed;
    // What the terminal has no room for is not read: it waits in the machine's console.
    partition::Partition* const partition = attached();
    const std::size_t room = partition == nullptr ? typed.size() : partition::room_to_type(*partition, 0);
    if (room == 0)
        return true;
    const std::size_t n = platform_.console_read(std::span(typed).first(std::min(room, typed.size())));
    if (partition != nullptr && n != 0)
        partition::type(*partition, 0, {reinterpret_cast<const std::uint8_t*>(typed.data()), n});
    return n != 0;
}

std::uint64_t ConsoleTask::run() {
    const bool more = drain();
    const std::uint64_t now = arch::timebase();
    if (static_cast<std::int64_t>(next_input_ - now) <= 0) {
        if (take_input())
            last_input_ = now;
        next_input_ = now + millisecond_ * (now - last_input_ < typing_ends_ms * millisecond_ ? typing_ms : quiet_ms);
    }
    return more ? 0 : next_input_ - now;
}

} // namespace boot
