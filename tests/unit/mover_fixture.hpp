// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "memory_pipe.hpp"
#include "twin_machine.hpp"

#include <arch/real_memory.hpp>
#include <gmock/gmock.h>

namespace transom::migrate {

constexpr std::uint64_t never = ~std::uint64_t{0};

class MoverTest : public testing::Test {
  protected:
    MoverTest() {
        EXPECT_TRUE(b.mover.listen(network));
        free_at_start = a.frames.total(FrameState::free);
    }

    std::expected<void, Failure> move(std::string_view name, std::optional<std::uint64_t> corrupt = {}) {
        const auto started = a.mover.move(network, name, {0x0a4d0002}, migration_port, {.corrupt_page = corrupt});
        go_on();
        return started;
    }
    /// Moves "linux" by post-copy, until it runs at b and some of its memory is here.
    void run_at_the_target_first() {
        a.build("linux");
        ASSERT_TRUE(a.mover.move(network, "linux", {0x0a4d0002}, migration_port, {.mode = MoveMode::post_copy}));
        for (int rounds = 0; rounds < 10'000 && b.mover.progress().state != MoveState::post_copying; ++rounds)
            round();
        ASSERT_EQ(b.mover.progress().state, MoveState::post_copying);
    }
    void round() {
        machine.advance(100);
        network.pump();
        a.mover.run();
        b.mover.run();
    }
    /// Until neither machine has more to do.
    void go_on() {
        for (int round = 0; round < 100'000; ++round) {
            machine.advance(100);
            const bool moved = network.pump();
            const bool waits = a.mover.run() != 0 && b.mover.run() != 0;
            const bool drained = a.attendant.run() == never && b.attendant.run() == never;
            if (waits && drained && !moved && !network.pump())
                break;
        }
        for (TwinMachine* twin : {&a, &b})
            while (twin->frames.scrub_one()) {}
    }

    arch::FakeMachine machine{2 * twin_size};
    TwinMachine a{arch::fake_real_base};
    TwinMachine b{arch::fake_real_base + twin_size};
    test::PipeNetwork network;
    Bytes free_at_start = 0;
};

} // namespace transom::migrate
