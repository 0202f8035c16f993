// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bundle_builder.hpp"
#include "memory_pipe.hpp"
#include "twin_machine.hpp"

#include <algorithm>
#include <arch/fake_machine.hpp>
#include <arch/real_memory.hpp>
#include <gmock/gmock.h>
#include <memory>
#include <transom/manage/life_cycle.hpp>

// Orders about a partition's life while it moves: two whole machines, but for their boards, on a pipe.

namespace transom::manage {

using memory::FrameState;
using migrate::MoveState;
using partition::Partition;
using partition::PartitionState;

struct LivingTwin final : migrate::TwinMemory, LifeObserver {
    explicit LivingTwin(RealAddr begin) : TwinMemory(begin) {}
    void note(std::string_view what, const Partition& who) { events.push_back(fmt::format("{} {}", what, who.name())); }
    void starting(Partition& who, bool) override { note("starting", who); }
    void ending(Partition& who) override { note("ending", who); }
    void arrived(Partition& who) override { note("arrived", who); }

    void define_and_start(const std::string& name) {
        FdtBuilder fdt;
        const auto bundle = test::bundle_of(fdt, {{name}});
        const auto memory = life.reserve(bundle.size());
        ASSERT_TRUE(memory);
        std::ranges::copy(bundle, memory->begin());
        ASSERT_TRUE(life.define(*memory));
        ASSERT_TRUE(life.start(name, false));
        while (life.run() == 0) {}
        events.clear();
    }
    /// What becomes of each order: the name of the refusal, or nothing.
    std::vector<std::string> orders(std::string_view who) {
        std::vector<std::string> names;
        lines.clear();
        for (const auto& done : {life.start(who, true), life.stop(who, true), life.reset(who), life.remove(who)}) {
            names.emplace_back(done ? "" : done.error().name);
            lines.emplace_back(done ? "" : done.error().line.view());
        }
        return names;
    }

    partition::Resources resources{.frames = frames, .processor = {}, .table_format = hpt::Format::odd};
    partition::Dispatcher dispatcher{512'000'000};
    partition::Roster roster{resources, dispatcher};
    LifeCycle life{roster, frames, mover, *this, true};
    migrate::Mover mover{roster, frames, migrate::twin_facts, life};
    std::vector<std::string> events;
    std::vector<std::string> lines;
};

class LifeMoveTest : public testing::Test {
  protected:
    LifeMoveTest() { EXPECT_TRUE(b.mover.listen(network)); }

    void start_move() { ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migrate::migration_port, {})); }
    void round() {
        machine.advance(100);
        network.pump();
        for (LivingTwin* twin : {&a, &b}) {
            twin->mover.run();
            twin->life.run();
        }
    }
    /// It has its own kernel in its memory, as it had when it was first started.
    void expect_started_anew(LivingTwin& where, std::string_view name) {
        Partition* const partition = where.roster.find(name);
        ASSERT_NE(partition, nullptr);
        EXPECT_EQ(partition->state, PartitionState::running);
        std::array<std::byte, 1> seen{};
        ASSERT_TRUE(partition->memory.read({0}, seen));
        EXPECT_EQ(seen[0], std::byte{0x11});
    }
    /// Of its own will.
    static void ends(LivingTwin& where, std::string_view name, partition::StopReason why) {
        Partition& partition = *where.roster.find(name);
        partition.stop_reason = why;
        partition.state = PartitionState::off;
        where.life.ended(partition);
    }
    static void reboots(LivingTwin& where, std::string_view name) { ends(where, name, partition::StopReason::reboot); }
    /// From a's bundle, which is firmware's; b waits with none.
    void post_copy_from_boot() {
        a.define_and_start("linux");
        a.life.definitions().find("linux")->by_operator = false;
        test::fill_with_noise(*a.roster.find("linux"));
        ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migrate::migration_port,
                                 {.mode = migrate::MoveMode::post_copy}));
        for (int rounds = 0; rounds < 10'000 && b.mover.progress().state != MoveState::post_copying; ++rounds)
            round();
        ASSERT_GT(b.mover.progress().pages_left, 0u);
    }
    void go_on() {
        for (int rounds = 0; rounds < 100'000 && (a.mover.progress().in_progress() || rounds < 10); ++rounds)
            round();
        for (LivingTwin* twin : {&a, &b})
            while (twin->life.run() == 0) {}
    }

    arch::FakeMachine machine{2 * migrate::twin_size};
    LivingTwin a{arch::fake_real_base};
    LivingTwin b{arch::fake_real_base + migrate::twin_size};
    test::PipeNetwork network;
};

} // namespace transom::manage
