// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <transom/affinity/allocation.hpp>
#include <transom/affinity/planner.hpp>
#include <vector>

namespace transom::affinity {

/// Memory for what the portable core would be given frames for.
class OwnedRoom {
  public:
    explicit OwnedRoom(Bytes size) : words_((size + 7) / 8) {}
    std::span<std::byte> bytes() { return std::as_writable_bytes(std::span(words_)); }

  private:
    std::vector<std::uint64_t> words_;
};

/// An allocation with its memory.
class OwnedAllocation {
  public:
    OwnedAllocation(const Nodes& nodes, std::span<const Partition> partitions)
        : room_(Allocation::room_for(nodes.count(), partitions.size())), allocation_(nodes, partitions, room_.bytes()) {
    }
    Allocation& operator*() { return allocation_; }
    const Allocation& operator*() const { return allocation_; }
    Allocation* operator->() { return &allocation_; }

  private:
    OwnedRoom room_;
    Allocation allocation_;
};

/// A machine with partitions, made by chance. It stays where it is made, as its allocation points to the rest.
struct System {
    Nodes nodes;
    std::vector<Partition> partitions;
    std::optional<OwnedAllocation> current;

    System() = default;
    System(const System&) = delete;
    System& operator=(const System&) = delete;
};

/// What kind of system is made.
struct SystemKind {
    std::size_t nodes = 4, partitions = 8;
    std::uint32_t memory = 64;                 // blocks of a node,
    std::uint32_t processing = 200;            // and its hundredths of a processor
    double least_full = 0.85, most_full = 0.9; // of memory, and of processing, each by itself
    std::uint32_t most_processors = 2;         // virtual ones of a partition
    double protected_share = 0.125;
};

/// Partitions of all sizes lie anywhere, page tables and processors too. The same seed gives the same system.
void make_system(System& system, const SystemKind& kind, std::uint64_t seed);

/// A plan with its memory, and what came of it.
struct OwnedPlan {
    OwnedPlan(const Metric& metric, const Allocation& current, std::uint64_t work = 0, std::size_t most_steps = 65'536);

    OwnedRoom room;
    Planner planner;
    std::vector<Step> steps;
    Plan plan;
};

/// Whether no node has more than it has room for, everybody has all that is his, and who stays is where he was.
bool is_legal(const Allocation& allocation, const Allocation& current);

/// The system's score in points.
double points_of(const Valuation& valuation, const Allocation& allocation);

} // namespace transom::affinity
