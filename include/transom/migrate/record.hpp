// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <transom/base/address.hpp>
#include <transom/base/big_endian.hpp>

// The records of the migration stream as they are on the wire: docs/stream.md.

namespace transom::migrate {

using Be16 = Be<std::uint16_t>;
using Be32 = Be<std::uint32_t>;
using Be64 = Be<std::uint64_t>;

constexpr std::uint32_t format_version = 14;
constexpr std::uint16_t migration_port = 7701;
/// Where a source asks what has become of a move to that port.
constexpr std::uint16_t question_port(std::uint16_t port) { return static_cast<std::uint16_t>(port + 1); }
constexpr std::uint32_t record_magic = 0x54524e53; // "TRNS"
constexpr std::uint16_t flag_mandatory = 1;
constexpr std::uint32_t max_payload = 66560;
constexpr Bytes max_granule = kib(64);
constexpr unsigned round_trips = 16;
/// Of a move: one for everything, and channels for pages.
constexpr unsigned max_connections = 8;
constexpr unsigned default_connections = 4;

enum class RecordType : std::uint16_t {
    hello = 1,
    ping = 2,
    partition = 3,
    page = 4,
    zero_pages = 5,
    page_table = 6,
    vcpu = 7,
    areas = 8,
    interrupts = 9,
    terminal = 10,
    clock = 11,
    end = 12,
    run = 13,
    hello_reply = 14,
    pong = 15,
    held = 16,
    running = 17,
    failure = 18,
    working = 19,
    owed = 20,
    demand = 21,
    all_sent = 22,
    all_here = 23,
    again = 24,
    join = 25,
    received = 26,
    packed_page = 27,
    page_delta = 28,
    definition = 29,
};

/// Before each payload.
struct RecordHeader {
    Be32 magic = record_magic;
    Be16 type;
    Be16 flags = flag_mandatory;
    Be64 sequence;
    Be64 payload_checksum;
    Be32 length;
    Be32 header_checksum;
};
static_assert(sizeof(RecordHeader) == 32);

constexpr std::size_t max_record = sizeof(RecordHeader) + max_payload;

using NameField = std::array<char, 32>; // zero-padded, at least one zero

// What the partition was offered, as far as processors differ in it.
constexpr std::uint32_t feature_large_pages = 1;
constexpr std::uint32_t feature_second_watchpoint = 2;
constexpr std::uint32_t feature_interrupts_at_0x18000 = 4;
constexpr std::uint32_t all_features = feature_large_pages | feature_second_watchpoint | feature_interrupts_at_0x18000;

constexpr std::uint32_t suffices_same_generation = 1;

constexpr std::uint32_t copying_post_copy = 1;

constexpr std::uint32_t definition_by_operator = 1;

constexpr std::uint16_t sharing_capped = 1;
constexpr std::uint16_t sharing_dedicated = 2;
constexpr std::uint16_t sharing_donating = 4;

struct HelloRecord {
    Be32 version;
    Be32 processor_version;
    Be32 mmu;
    Be32 table_log2;
    Be64 page_sizes;
    Be64 timebase_frequency;
    Be64 initial_msr;
    Be64 memory_size;
    Be64 granule;
    Be32 vcpus;
    Be32 features;
    NameField name{};
    Be64 function_sets;
    Be64 cpu_character; // what H_GET_CPU_CHARACTERISTICS tells it
    Be64 cpu_behaviour;
    Be32 entitled_capacity; // hundredths of a processor
    Be16 capacity_weight;
    Be16 sharing;             // bit 0: capped; bit 1: dedicated processors; bit 2: that donate idle cycles
    Be32 architected_version; // of the processors, as a partition is told it
    Be32 suffices;            // bit 0: the same of these, where the processor version registers differ
    Be32 copying;             // bit 0: it may run there before all of its memory has come
    Be32 definition;          // bit 0: an operator's
    Be64 definition_size;     // bytes; 0: there is none
    Be64 definition_digest;   // XXH64; 0: not known yet
};
static_assert(sizeof(HelloRecord) == 160);

struct HelloReplyRecord {
    Be32 version = format_version;
    Be32 channels;   // that the target takes at most
    Be64 move;       // what a channel has to say
    Be32 definition; // bit 0: it is to come
    Be32 zero;
};
static_assert(sizeof(HelloReplyRecord) == 24);

struct PingRecord {
    Be64 source_ticks;
};
static_assert(sizeof(PingRecord) == 8);

struct PongRecord {
    Be64 source_ticks;
    Be64 target_ticks;
};
static_assert(sizeof(PongRecord) == 16);

constexpr std::uint32_t definition_wanted = 1;

/// The bytes of the definition from there on follow.
struct DefinitionRecord {
    Be64 offset;
};
static_assert(sizeof(DefinitionRecord) == 8);
constexpr std::size_t max_definition_bytes = kib(64);
static_assert(sizeof(DefinitionRecord) + max_definition_bytes <= max_payload);

constexpr std::uint32_t right_pool_idle_count = 1, right_to_its_place = 2;
constexpr std::uint32_t all_rights = right_pool_idle_count | right_to_its_place;

struct PartitionRecord {
    Be32 vcpus;
    Be32 clock_nanoseconds; // the partition's time of day,
    Be64 clock_seconds;     // since 1970-01-01 00:00 UTC,
    Be64 clock_base;        // when its time base was this
    Be32 terminals;
    Be32 rights; // as above
};
static_assert(sizeof(PartitionRecord) == 32);

/// Of page and packed_page. The granule's bytes follow, in packed_page as an LZ4 block.
struct PageRecord {
    Be64 index;
    Be64 order; // when the copy was made: of two copies of a granule the higher one counts
};
static_assert(sizeof(PageRecord) == 16);

/// A bit for each line of the granule, in Be64, and the lines whose bits are on follow: page_delta.hpp.
struct PageDeltaRecord {
    Be64 index;
    Be64 order;
    Be64 base; // order of the copy in which those lines are changed
};
static_assert(sizeof(PageDeltaRecord) == 24);

struct ZeroPagesRecord {
    Be64 first;
    Be64 count;
    Be64 order; // of all of them
};
static_assert(sizeof(ZeroPagesRecord) == 24);

/// Of page_table: TableEntryRecords follow, of slots of those sections (hpt::slots_per_section). What is not named there is empty.
struct TableSectionsRecord {
    Be64 first;
    Be64 count;
};
static_assert(sizeof(TableSectionsRecord) == 16);
/// In a record: whoever reads it has an end in sight, and looking at so many takes a fraction of a millisecond.
constexpr std::uint64_t max_table_sections = 16;

struct TableEntryRecord {
    Be64 slot;
    Be64 word0;
    Be64 word1;
};
static_assert(sizeof(TableEntryRecord) == 24);
constexpr std::size_t max_table_entries = 2730;
static_assert(sizeof(TableSectionsRecord) + max_table_entries * sizeof(TableEntryRecord) <= max_payload);

struct SlbRecord {
    Be64 e;
    Be64 v;
};

constexpr std::uint32_t pending_system_reset = 1;

/// spr_count times SprRecord follow.
struct VcpuRecord {
    Be32 index;
    std::uint8_t state = 0; // 0 stopped, 1 ready, 2 ceded, 3 joined
    std::uint8_t prodded = 0;
    std::uint8_t little_endian = 0; // how it takes interrupts
    std::uint8_t alternate_location = 0;
    Be64 decrementer_expiry; // in partition time
    std::array<Be64, 32> gpr{};
    Be64 nip, msr, cr, lr, ctr, xer, fpscr, vscr;
    std::array<std::array<Be64, 2>, 64> vsr{};
    std::array<SlbRecord, 32> slb{};
    Be32 spr_count;
    Be32 pending; // bit 0: a system reset interrupt
};
static_assert(sizeof(VcpuRecord) == 1880);

struct SprRecord {
    Be32 number;
    Be32 zero;
    Be64 value;
};
static_assert(sizeof(SprRecord) == 16);

struct RangeRecord {
    Be64 begin;
    Be64 size;
};

struct AreasRecord {
    Be32 vcpu;
    std::uint8_t cppr = 0;
    std::uint8_t mfrr = 0;
    std::uint8_t preempt_reason = 0;
    std::uint8_t zero = 0;
    RangeRecord vpa, slb_shadow, dispatch_log;
    Be32 dispatch_counter;
    Be32 zero2;
    Be64 dispatch_log_index;
    Be64 preempt_time;  // in partition time
    Be64 preempt_fault; // the page that it waited for, by its logical address, where that is the reason
};
static_assert(sizeof(AreasRecord) == 88);

struct SourceRecord {
    Be32 number;
    Be32 server;
    std::uint8_t trigger = 0; // 0 unused, 1 message, 2 level
    std::uint8_t priority = 0;
    std::uint8_t enabled = 0;
    std::uint8_t pending = 0;
    std::uint8_t in_service = 0;
    std::array<std::uint8_t, 3> zero{};
};
static_assert(sizeof(SourceRecord) == 16);

/// count times SourceRecord follow.
struct InterruptsRecord {
    Be32 count;
    Be32 zero;
};
static_assert(sizeof(InterruptsRecord) == 8);

/// The output bytes, then the input bytes follow, oldest first.
struct TerminalRecord {
    Be32 index;
    Be32 zero;
    Be32 output;
    Be32 input;
};
static_assert(sizeof(TerminalRecord) == 16);

struct ClockRecord {
    Be64 stopped_at;       // source's time base
    Be64 offset;           // partition time = the source's time base + offset
    Be64 difference;       // target's time base - source's, estimated
    Be64 difference_error; // ticks
    Be64 stop_asked_at;    // source's time base
    Be64 zero;
};
static_assert(sizeof(ClockRecord) == 48);

/// Payload of end and of held.
struct TotalsRecord {
    Be64 records; // before end
    Be64 pages;
    Be64 zero_pages;
    Be64 table_entries;
    Be64 digest; // of the records before end
};
static_assert(sizeof(TotalsRecord) == 40);

/// A bit for each granule follows, in Be64: bit i of word w is granule first + 64 w + i. On: the target does not have it as it is.
struct OwedRecord {
    Be64 first; // a multiple of 64
    Be64 count; // of granules
    Be64 cut;   // from the source: copies that are owed are newer than that
};
static_assert(sizeof(OwedRecord) == 24);
constexpr std::uint64_t max_owed = (max_payload - sizeof(OwedRecord)) / sizeof(Be64) * 64;

/// Payload of demand: granules that somebody waits for.
constexpr std::size_t max_demand = 16;

/// The first record of a connection that takes the place of a broken one.
struct AgainRecord {
    NameField name{};
    Be64 stopped_at{}; // source's time base: it names the move
    Be64 zero{};
};
static_assert(sizeof(AgainRecord) == 48);

/// The first record of a channel.
struct JoinRecord {
    NameField name{};
    Be64 move; // as in hello_reply
    Be64 zero;
};
static_assert(sizeof(JoinRecord) == 48);

/// On a channel, from the target.
struct ReceivedRecord {
    Be64 records; // of this channel that it is through with, join among them
};
static_assert(sizeof(ReceivedRecord) == 8);

struct RunningRecord {
    Be64 started_at; // target's time base
    Be64 offset;     // partition time = the target's time base + offset
    Be64 stop_to_start;
    Be64 zero;
};
static_assert(sizeof(RunningRecord) == 32);

struct FailureRecord {
    Be32 error;
    Be32 zero;
    NameField name{};
    std::array<char, 120> text{};
};
static_assert(sizeof(FailureRecord) == 160);

} // namespace transom::migrate
