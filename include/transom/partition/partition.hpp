// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <string_view>
#include <transom/base/spin_lock.hpp>
#include <transom/base/static_vector.hpp>
#include <transom/hcall/allowed_calls.hpp>
#include <transom/hcall/counters.hpp>
#include <transom/hcall/observation.hpp>
#include <transom/hpt/hashed_page_table.hpp>
#include <transom/interrupt/sources.hpp>
#include <transom/memory/logical_memory.hpp>
#include <transom/partition/affinity_desk.hpp>
#include <transom/partition/clock.hpp>
#include <transom/partition/home_nodes.hpp>
#include <transom/partition/last_words.hpp>
#include <transom/partition/pool.hpp>
#include <transom/partition/vcpu.hpp>
#include <transom/vio/terminal.hpp>

namespace transom::dual {
class PartitionEngine;
}
namespace transom::random {
class Source;
}

namespace transom::partition {

constexpr std::size_t max_vcpus = 8;

enum class PartitionState : std::uint8_t {
    empty, // being built, or being received
    running,
    suspended, // all virtual processors are out of it and stay out
    off,       // powered off, crashed or moved away
};

/// Why a partition is off.
enum class StopReason : std::uint8_t {
    none,
    power_off,    // it asked for it
    reboot,       // it asked to be started again
    last_stopped, // its last virtual processor stopped itself
};

/// What H_GET_CPU_CHARACTERISTICS answers, in its bit numbering. Here the answer of a processor of which nothing good is
/// known: no help from the hardware, and every barrier needed.
struct CpuCharacteristics {
    std::uint64_t character = 0;
    std::uint64_t behaviour = 0xe000000000000000; // favour security, flush L1 data cache, speculation barriers

    bool operator==(const CpuCharacteristics&) const = default;
};

/// What differs between processors in what a partition is offered.
struct Facilities {
    bool second_watchpoint = false;    // DAWR1: ISA 3.1
    bool interrupts_at_0x18000 = true; // LPCR[AIL] 2: not in ISA 3.1

    bool operator==(const Facilities&) const = default;
};

/// A logical partition.
struct Partition {
    // What a hypervisor call looks at comes first, where a short offset reaches it.
    std::array<char, 32> name_storage{};
    std::uint32_t lpid = 1;
    std::atomic<PartitionState> state = PartitionState::empty;
    StopReason stop_reason = StopReason::none;
    std::uint32_t vcpu_count = 0;
    hpt::HashedPageTable hpt;
    hcall::AllowedCalls allowed_calls;
    Bytes granule = kib(64); // unit in which changes of memory are tracked
    memory::LogicalMemory memory;
    hcall::Observation observation; // of its calls
    interrupt::Sources sources;
    std::array<vio::Terminal, vio::max_terminals> terminals; // the first `terminal_count` of them
    std::uint32_t terminal_count = 1;
    std::array<Vcpu, max_vcpus> vcpus;
    PoolMember share;               // what it is to get of the processors, and has got
    ProcessorPool* pool = &no_pool; // never null
    bool sees_pool = false;         // whether H_PIC is for it
    /// The partition's time base is the machine's plus this; a multiple of 2^24, what TBU40 can set.
    std::uint64_t timebase_offset = 0;
    Clock clock;
    LastWords last_words;
    CpuCharacteristics cpu_characteristics;
    Facilities facilities;
    const HomeNodes* nodes = nullptr;      // null: nothing is known of the machine's
    random::Source* random = nullptr;      // null: there is nothing from which random numbers could be had
    Partition* next_dispatched = nullptr;  // the dispatcher's list
    dual::PartitionEngine* dual = nullptr; // for its second page table; null in tests that have none
    AffinityDesk affinity;
    bool keeps_place = false; // no reallocation moves it
    /// When it was last moved among the nodes of this machine, and what it had after that: for who moves it.
    struct Move {
        std::uint64_t at = 0;
        std::optional<affinity::Score> score;
    };
    std::optional<Move> last_move;
    std::uint64_t next_wish = 0, next_question = 0; // when one is dealt with at the earliest: for who does

    /// What virtual processors, and the hypervisor, do to one another: states, prods, interrupts and registered areas of all its
    /// virtual processors, and its interrupt sources. Taken after `devices`.
    SpinLock events;
    /// Terminals, clock, affinity, and all else that only calls change which are not made often.
    SpinLock devices;

    /// Of all its virtual processors together.
    hcall::Counters calls() const;
    /// It is off, for that reason, unless it is off already: only the first has ended it. `devices` is held.
    void end(StopReason why);

    std::string_view name() const { return name_storage.data(); }
};

} // namespace transom::partition
