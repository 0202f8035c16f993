// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <transom/affinity/amounts.hpp>
#include <transom/base/big_endian.hpp>

/// What a partition writes and reads when it asks about its affinity: docs/hcalls/h_affinity.md. Time is the partition's time base, memory is in blocks
/// (memory::block_size), processing in hundredths of a processor.
namespace transom::affinity::wire {

constexpr std::uint16_t version = 1;
constexpr std::uint64_t no_score = ~std::uint64_t{0};

struct Input {
    Be<std::uint16_t> node;
    Be<std::uint16_t> reserved;
    Be<std::uint32_t> memory;
    Be<std::uint32_t> processing;
};
static_assert(sizeof(Input) == 12);

/// A place, and what it is worth. Of a place that is proposed only version, count and page table of the head count.
struct Report {
    Be<std::uint16_t> version;
    Be<std::uint16_t> formula;
    Be<std::uint16_t> count; // of inputs
    Be<std::uint16_t> page_table;
    Be<std::uint64_t> at;
    Be<std::uint64_t> score; // millionths of a point
    Be<std::uint64_t> best;  // what L * F * H can be at best, in 2^-30
    Be<std::uint32_t> fewest_nodes;
    Be<std::uint32_t> refusal; // 0: none; else 1 + affinity::Refusal
    std::array<Input, max_nodes> inputs;

    static constexpr std::size_t size_with(std::size_t count) {
        return offsetof(Report, inputs) + count * sizeof(Input);
    }
    /// Without the inputs that are not there; count is at most max_nodes.
    std::span<const std::byte> bytes() const { return std::as_bytes(std::span(this, 1)).first(size_with(count)); }
};
static_assert(Report::size_with(0) == 40 && sizeof(Report) == 40 + max_nodes * sizeof(Input));

/// How a job that the partition has asked for stands.
enum class JobState : std::uint16_t {
    none,
    waiting, // until another one is over
    planning,
    running,
    stopping,
    done,
    refused,
    stopped,
    failed,
};

struct Job {
    Be<std::uint16_t> version;
    Be<std::uint16_t> state;
    Be<std::uint16_t> refusal; // 0: none; else 1 + affinity::Refusal
    Be<std::uint16_t> failure; // 0: none; else as in docs/hcalls/h_affinity.md
    Be<std::uint64_t> began;
    Be<std::uint64_t> ended; // 0: not yet
    Be<std::uint64_t> before;
    Be<std::uint64_t> predicted;
    Be<std::uint64_t> after;
    Be<std::uint32_t> steps; // of all partitions that the plan moves
    Be<std::uint32_t> steps_done;
    Be<std::uint64_t> longest_closed; // ticks for which none of its processors could begin to access a block,
    Be<std::uint64_t> stopped;        // and for which it stood still while its page table moved
};
static_assert(sizeof(Job) == 72);

} // namespace transom::affinity::wire
