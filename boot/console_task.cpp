// SPDX-License-Identifier: Apache-2.0
#include "console_task.hpp"

#include <arch/clock.hpp>
#include <array>
#include <transom/partition/terminals.hpp>

namespace boot {

namespace partition = transom::partition;

namespace {
constexpr std::size_t bytes_per_write = 512;
constexpr std::size_t bytes_per_read = 64;
} // namespace

ConsoleTask::ConsoleTask(Platform& platform, partition::Roster& roster, std::uint64_t frequency)
    : platform_(platform), roster_(roster), input_interval_(frequency / 200) {}

bool ConsoleTask::drain() {
    bool any = false;
    roster_.for_each([&](partition::Partition& partition) {
        constexpr std::uint32_t first = 0; // the others have no part in the console
        if (partition.terminals[first].session)
            return;
        std::array<std::uint8_t, bytes_per_write> bytes;
        const std::size_t n = partition::take_written(partition, first, bytes);
        if (n == 0)
            return;
        write_console({reinterpret_cast<const char*>(bytes.data()), n});
        any = true;
    });
    return any;
}

void ConsoleTask::flush() {
    while (drain())
        ;
}

void ConsoleTask::take_input() {
    platform_.poll();
    std::array<char, bytes_per_read> typed;
    // What the terminal has no room for is not read: it waits in the machine's console.
    const std::size_t room = partition_ == nullptr ? typed.size() : partition::room_to_type(*partition_, 0);
    if (room == 0)
        return;
    const std::size_t n = platform_.console_read(std::span(typed).first(std::min(room, typed.size())));
    if (partition_ != nullptr && n != 0)
        partition::type(*partition_, 0, {reinterpret_cast<const std::uint8_t*>(typed.data()), n});
}

std::uint64_t ConsoleTask::run() {
    const bool more = drain();
    const std::uint64_t now = arch::timebase();
    if (static_cast<std::int64_t>(next_input_ - now) <= 0) {
        take_input();
        next_input_ = now + input_interval_;
    }
    return more ? 0 : input_interval_;
}

} // namespace boot
