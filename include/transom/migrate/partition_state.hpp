// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <transom/migrate/hello.hpp>
#include <transom/partition/partition.hpp>

// State of a partition, memory and page table excepted, to and from the payloads of docs/stream.md. The encoders need
// max_payload bytes and answer how many they wrote. The decoders write into a partition that has the right number of
// virtual processors and its memory, and refuse what a partition could not have brought about itself.

namespace transom::migrate {

/// A granule of its memory, all of which is here.
std::span<const std::byte> granule_of(const partition::Partition& partition, std::uint64_t index);

std::size_t encode_partition(const partition::Partition& partition, std::span<std::byte> to);
std::size_t encode_vcpu(const partition::Vcpu& vcpu, std::span<std::byte> to);
std::size_t encode_areas(const partition::Vcpu& vcpu, std::span<std::byte> to);
std::size_t encode_interrupts(const interrupt::Sources& sources, std::span<std::byte> to);
using TerminalIndex = std::uint32_t;
std::size_t encode_terminal(const partition::Partition& partition, TerminalIndex index, std::span<std::byte> to);

std::expected<void, Failure> decode_partition(std::span<const std::byte> payload, partition::Partition& partition);
/// Which virtual processor a vcpu or areas record is about.
using VcpuIndex = std::uint32_t;
std::expected<VcpuIndex, Failure> decode_vcpu(std::span<const std::byte> payload, partition::Partition& partition,
                                              const MachineFacts& ours);
std::expected<VcpuIndex, Failure> decode_areas(std::span<const std::byte> payload, partition::Partition& partition);
std::expected<void, Failure> decode_interrupts(std::span<const std::byte> payload, partition::Partition& partition);
std::expected<TerminalIndex, Failure> decode_terminal(std::span<const std::byte> payload,
                                                      partition::Partition& partition);

} // namespace transom::migrate
