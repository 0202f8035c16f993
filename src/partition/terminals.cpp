// SPDX-License-Identifier: Apache-2.0
#include <transom/partition/deliver.hpp>
#include <transom/partition/terminals.hpp>

namespace transom::partition {

bool open_session(Partition& partition, std::uint32_t terminal, std::uint32_t connection) {
    const Locked devices(partition.devices);
    std::uint32_t& session = partition.terminals[terminal].session;
    if (session == 0)
        session = connection;
    return session == connection;
}

void close_session(Partition& partition, std::uint32_t terminal, std::uint32_t connection) {
    const Locked devices(partition.devices);
    std::uint32_t& session = partition.terminals[terminal].session;
    if (session == connection)
        session = 0;
}

bool has_session(Partition& partition, std::uint32_t terminal) {
    const Locked devices(partition.devices);
    return partition.terminals[terminal].session != 0;
}

std::size_t type(Partition& partition, std::uint32_t terminal, std::span<const std::uint8_t> from) {
    const std::uint32_t source = vio::terminal_source + terminal;
    std::size_t taken = 0;
    {
        const Locked devices(partition.devices);
        const Locked events(partition.events);
        if (partition.state == PartitionState::running)
            taken = partition.terminals[terminal].type(partition.sources, source, from);
    }
    if (taken != 0)
        alert_server(partition, source);
    return taken;
}

std::size_t room_to_type(Partition& partition, std::uint32_t terminal) {
    const Locked devices(partition.devices);
    return partition.state == PartitionState::running ? partition.terminals[terminal].input.space() : 0;
}

std::size_t take_written(Partition& partition, std::uint32_t terminal, std::span<std::uint8_t> to) {
    const Locked devices(partition.devices);
    const PartitionState state = partition.state;
    if (state != PartitionState::running && state != PartitionState::off)
        return 0;
    const std::size_t taken = partition.terminals[terminal].output.pop(to);
    partition.terminals[terminal].scrollback.add(to.first(taken));
    return taken;
}

std::size_t kept_of(Partition& partition, std::uint32_t terminal) {
    const Locked devices(partition.devices);
    return partition.terminals[terminal].scrollback.size();
}

std::size_t copy_kept(Partition& partition, std::uint32_t terminal, std::size_t from_end, std::span<std::uint8_t> to) {
    const Locked devices(partition.devices);
    return partition.terminals[terminal].scrollback.copy(from_end, to);
}

} // namespace transom::partition
