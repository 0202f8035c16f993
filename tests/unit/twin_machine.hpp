// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "move_facts.hpp"
#include "partition_builder.hpp"

#include <arch/fake_machine.hpp>
#include <arch/real_memory.hpp>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <transom/dual/attendant.hpp>
#include <transom/migrate/mover.hpp>
#include <vector>

namespace transom::migrate {

using memory::FrameState;
using partition::PartitionState;

constexpr MachineFacts twin_facts = test::facts;
constexpr Bytes twin_size = mib(64);

/// Memory comes before all that takes some of it.
struct TwinMemory {
    explicit TwinMemory(RealAddr begin, Bytes size = twin_size)
        : states((begin + size).value / memory::frame_size), frames(states) {
        frames.add({begin, size});
    }
    std::vector<FrameState> states;
    memory::Frames frames;
};

/// One of two machines that share the fake one's memory.
struct TwinMachine final : TwinMemory, MoveObserver {
    explicit TwinMachine(RealAddr begin, Bytes size = twin_size) : TwinMemory(begin, size) {}
    DefinitionToSend definition_of(const partition::Partition&) override { return {}; }
    void definition_read(const partition::Partition&, std::uint64_t) override {}
    std::expected<std::span<std::byte>, Failure> expect(const PartitionShape&) override { return {}; }
    std::expected<void, Failure> define(const partition::Partition&, std::uint64_t) override { return {}; }
    void not_arrived() override {}
    void arrived(partition::Partition& p) override { events.push_back("arrived " + std::string(p.name())); }
    bool name_is_taken(std::string_view name) const override { return name == taken_name; }
    void left(partition::Partition& p) override { events.push_back("left " + std::string(p.name())); }

    partition::Partition& build(std::string_view name, bool large_pages = false) {
        const auto built = test::create_empty(
            roster, {.name = name, .memory = mib(16), .granule = kib(64), .large_pages = large_pages});
        EXPECT_TRUE(built);
        roster.start(**built);
        return **built;
    }

    /// The memory that goes next was somebody's, and is not scrubbed.
    void leave_noise(Bytes size) {
        const auto at = frames.allocate(size, memory::frame_size, FrameState::hypervisor);
        ASSERT_TRUE(at);
        for (Bytes done = 0; done < size; done += memory::frame_size)
            std::memset(arch::real_pointer(*at + done), 0xff, memory::frame_size);
        frames.release({*at, size}, FrameState::hypervisor);
    }

    void end(std::string_view name) {
        partition::Partition& partition = *roster.find(name);
        partition.state = PartitionState::off;
        roster.destroy(partition);
        while (frames.scrub_one()) {}
    }

    partition::Resources resources{.frames = frames, .processor = {}, .table_format = hpt::Format::odd};
    partition::Dispatcher dispatcher{512000000};
    partition::Roster roster{resources, dispatcher};
    Mover mover{roster, frames, twin_facts, *this};
    dual::Attendant attendant{roster, frames, 512000000};
    std::vector<std::string> events;
    std::string taken_name;
};

} // namespace transom::migrate
