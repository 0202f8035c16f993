// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "move_facts.hpp"
#include <arch/fake_machine.hpp>
#include <arch/real_memory.hpp>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <transom/migrate/checksum.hpp>
#include <transom/migrate/control.hpp>
#include <transom/migrate/partition_state.hpp>
#include <transom/migrate/source_session.hpp>
#include <transom/partition/create.hpp>
#include <vector>

// The two ends of a move without machines: a partition's home, and what a session asks of whoever runs partitions.

namespace transom::test {

/// Memory, page table and all of one partition of 16 MiB, in the fake machine's memory.
struct Home {
    static constexpr unsigned table_log2 = 18;
    RealAddr memory;
    RealAddr table;
    std::vector<std::uint64_t> guest_words;
    std::vector<std::uint64_t> digests;
    std::vector<std::uint64_t> arrived; // the states of its pages
    std::optional<migrate::PageArrivals> page_states;
    std::vector<std::uint64_t> sections; // of its page table that have arrived
    std::unique_ptr<partition::Partition> partition;

    explicit Home(RealAddr at) : memory(at), table(at + memory::block_size) {}

    /// An empty partition; its memory is zero unless somebody wrote to it.
    partition::Partition& build(std::string_view name, Bytes granule, std::uint32_t vcpus, bool large_pages = true) {
        std::memset(arch::real_pointer(table), 0, std::size_t{1} << table_log2);
        guest_words.assign((std::size_t{1} << table_log2) / 16, 0);
        digests.assign(memory::block_size / granule, 0);
        arrived.assign(migrate::PageArrivals::room_for(memory::block_size, granule) / sizeof(std::uint64_t), 0);
        page_states.emplace(memory::block_size, granule, arrived);
        sections.assign(migrate::TableArrivals::words_for(guest_words.size()), 0);
        partition = std::make_unique<partition::Partition>();
        std::copy(name.begin(), name.end(), partition->name_storage.begin());
        partition->granule = granule;
        partition->vcpu_count = vcpus;
        if (!partition->memory.add_block(memory))
            throw std::runtime_error("add_block");
        partition->hpt.init(table, table_log2, guest_words, {.format = hpt::Format::odd, .large_pages = large_pages});
        partition::set_terminals(*partition, 1);
        for (std::uint32_t i = 0; i < vcpus; ++i) {
            partition->vcpus[i].index = i;
            partition->vcpus[i].partition = partition.get();
        }
        return *partition;
    }
    void scrub() { std::memset(arch::real_pointer(memory), 0, memory::block_size); }
    std::span<std::byte> granule(std::uint64_t index) {
        return {arch::real_pointer(memory + index * partition->granule), partition->granule};
    }
};

struct TestSource final : migrate::SourceControl {
    std::uint64_t ticks = 1'000'000'000;
    std::uint64_t per_look = 0; // what goes by from one look at the clock to the next
    unsigned stop_after = 0;    // how many calls of suspend answer false
    bool asked = false;
    unsigned resumed = 0;
    unsigned released = 0;
    bool released_whole = false;
    migrate::SourceSession* session = nullptr;     // whose control it is
    std::vector<std::uint64_t>* digests = nullptr; // of what is released, for each granule
    std::uint64_t definition_digest = 0;

    unsigned track_after = 0;                                // how many calls of track() do not answer `done`,
    migrate::Headway until_tracked = migrate::Headway::none; // but this
    std::optional<migrate::Failure> no_tracking;
    migrate::PageStateTable* tracked = nullptr;
    unsigned watch_after = 0; // the same of watch()
    migrate::Headway until_watched = migrate::Headway::none;
    unsigned watched = 0;
    unsigned untracked = 0;

    std::uint64_t now() override { return ticks += per_look; }
    std::expected<migrate::Headway, migrate::Failure> track(partition::Partition&,
                                                            migrate::PageStateTable& pages) override {
        if (no_tracking)
            return std::unexpected(*no_tracking);
        if (track_after != 0) {
            --track_after;
            return until_tracked;
        }
        tracked = &pages;
        return migrate::Headway::done;
    }
    migrate::Headway watch(partition::Partition&) override {
        ++watched;
        if (watch_after != 0) {
            --watch_after;
            return until_watched;
        }
        return migrate::Headway::done;
    }
    void untrack(partition::Partition&) override {
        ++untracked;
        tracked = nullptr;
    }
    bool suspend(partition::Partition& p) override {
        asked = true;
        if (stop_after != 0) {
            --stop_after;
            return false;
        }
        p.state = partition::PartitionState::suspended;
        return true;
    }
    void resume(partition::Partition& p) override {
        ++resumed;
        p.state = partition::PartitionState::running;
    }
    void release(partition::Partition& p, bool whole) override {
        ++released;
        released_whole = whole;
        for (std::uint64_t granule = 0; digests != nullptr && granule < digests->size(); ++granule)
            (*digests)[granule] = migrate::xxh64(migrate::granule_of(p, granule));
        p.state = partition::PartitionState::off;
        session->left(p);
    }
    void definition_read(const partition::Partition&, std::uint64_t digest) override { definition_digest = digest; }
};

struct TestTarget final : migrate::TargetControl {
    Home& home;
    std::uint64_t ticks = 7'000'000'000;
    std::uint64_t per_look = 0; // what goes by from one look at the clock to the next
    std::optional<migrate::Failure> refusal;
    unsigned prepare_after = 0; // how many calls of prepare() answer false
    unsigned created = 0;
    unsigned started = 0;
    unsigned discarded = 0;
    unsigned started_early = 0; // of those that were started
    unsigned completed = 0;
    bool completed_whole = false;
    std::optional<migrate::Failure> no_second_table;
    std::vector<std::byte> definition; // that comes with it
    bool has_definition = false;       // and need not come
    std::optional<migrate::Failure> bad_definition;
    unsigned defined = 0;

    explicit TestTarget(Home& h) : home(h) {}
    std::uint64_t now() override { return ticks += per_look; }
    std::expected<migrate::Arrival, migrate::Failure> create(const migrate::PartitionShape& shape) override {
        if (refusal)
            return std::unexpected(*refusal);
        if (shape.memory_size != memory::block_size)
            return std::unexpected(migrate::failure(migrate::MoveError::memory, "there is room for a block"));
        if (!has_definition && shape.definition.size > memory::block_size)
            return std::unexpected(migrate::failure(migrate::MoveError::memory, "no room for what it is started from"));
        ++created;
        partition::Partition& p = home.build(shape.name(), shape.granule, shape.vcpus, shape.large_pages);
        p.cpu_characteristics = shape.cpu_characteristics;
        definition.assign(has_definition ? 0 : shape.definition.size, {});
        return migrate::Arrival{&p, home.digests, &*home.page_states, migrate::TableArrivals(home.sections),
                                definition};
    }
    std::expected<bool, migrate::Failure> prepare(partition::Partition&, bool post_copy, std::uint64_t) override {
        if (post_copy && no_second_table)
            return std::unexpected(*no_second_table);
        if (prepare_after == 0)
            return true;
        --prepare_after;
        ticks += 300'000'000; // more than half a second
        return false;
    }
    std::expected<void, migrate::Failure> define(const partition::Partition&, std::uint64_t) override {
        if (bad_definition)
            return std::unexpected(*bad_definition);
        ++defined;
        return {};
    }
    void start(partition::Partition& p) override {
        ++started;
        p.state = partition::PartitionState::running;
    }
    void start_early(partition::Partition& p, migrate::PageArrivals& pages) override {
        ++started_early;
        p.memory.limit_to_present(pages.present(), p.granule);
        start(p);
    }
    void complete(partition::Partition& p, bool whole) override {
        ++completed;
        completed_whole = whole;
        p.memory.lift_limit();
    }
    void discard(partition::Partition& p) override {
        ++discarded;
        // Only what has arrived can be other than zero.
        for (std::uint64_t g = 0; g < p.memory.size() / p.granule; ++g)
            if (home.page_states->has_come({g}))
                std::memset(home.granule(g).data(), 0, p.granule);
        p.state = partition::PartitionState::off;
    }
};

} // namespace transom::test
