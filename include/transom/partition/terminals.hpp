// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <transom/partition/partition.hpp>

// The other ends of a partition's virtual terminals: what an operator types, and reads.

namespace transom::partition {

/// A terminal is for one connection at a time, by whose number, from 1, it is known. False: another one has it.
bool open_session(Partition& partition, std::uint32_t terminal, std::uint32_t connection);
/// That connection leaves the terminal, if it has it.
void close_session(Partition& partition, std::uint32_t terminal, std::uint32_t connection);
bool has_session(Partition& partition, std::uint32_t terminal);

/// Somebody types at a terminal; returns how many bytes it took. The partition is interrupted where there was nothing for it to
/// read before. One that is suspended, or is none yet, takes nothing: its state is on its way.
std::size_t type(Partition& partition, std::uint32_t terminal, std::span<const std::uint8_t> from);

/// How many bytes type() would take.
std::size_t room_to_type(Partition& partition, std::uint32_t terminal);

/// What the partition has written, up to to.size() bytes; returns how many. What a suspended one has written goes with it.
std::size_t take_written(Partition& partition, std::uint32_t terminal, std::span<std::uint8_t> to);

/// How much is kept of what has been taken from the terminal.
std::size_t kept_of(Partition& partition, std::uint32_t terminal);

/// Copies what of it begins `from_end` bytes before its end, up to to.size() bytes; returns how many.
std::size_t copy_kept(Partition& partition, std::uint32_t terminal, std::size_t from_end, std::span<std::uint8_t> to);

} // namespace transom::partition
