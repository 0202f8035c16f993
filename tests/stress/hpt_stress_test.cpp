// SPDX-License-Identifier: Apache-2.0
#include "hpt_calls.hpp"
#include <gtest/gtest.h>
#include <thread>

namespace transom::stress {
namespace {

constexpr unsigned steps = 10'000; // of each caller

class HptStress : public testing::TestWithParam<hpt::Format> {
  protected:
    /// All at once, on few groups: callers, and processors that go through what they find there.
    void run(bool one_clears_the_table) {
        const std::uint64_t from = seed();
        std::atomic<unsigned> calling = HptScene::callers;
        std::array<std::uint64_t, HptScene::callers> changes{};
        run_threads(HptScene::callers + HptScene::walkers, [&](unsigned i) {
            if (i < HptScene::callers) {
                HptCalls calls(scene, i, from);
                for (unsigned n = 0; n < steps; ++n) {
                    if (one_clears_the_table && i == 0 && n % 1000 == 999)
                        calls.clear_table();
                    calls.step();
                }
                changes[i] = calls.changes();
                --calling;
                return;
            }
            Random random(from, i);
            while (calling != 0) {
                for (int n = 0; n < 256; ++n)
                    scene.walker(i - HptScene::callers).access(slot_used(random.below(slots_used)), random.one_in(2));
                std::this_thread::yield();
            }
        });
        for (unsigned i = 0; i < HptScene::callers; ++i) {
            EXPECT_GT(changes[i], steps / 8) << "nothing much happened";
        }
        for (unsigned i = 0; i < HptScene::walkers; ++i) {
            EXPECT_GT(scene.walker(i).changes(), 100u) << "the processors hardly ran";
        }
        std::printf("changes %llu, entries walked %llu, R or C set %llu\n",
                    static_cast<unsigned long long>(changes[0] + changes[1] + changes[2] + changes[3]),
                    static_cast<unsigned long long>(scene.walker(0).loads() + scene.walker(1).loads()),
                    static_cast<unsigned long long>(scene.walker(0).changes() + scene.walker(1).changes()));
    }

    HptScene scene{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Formats, HptStress, testing::Values(hpt::Format::isa_2_07, hpt::Format::isa_3_0),
                         [](const auto& format) {
                             return format.param == hpt::Format::isa_2_07 ? "isa_2_07" : "isa_3_0";
                         });

TEST_P(HptStress, CallsAndProcessorsLoseNoEntryAndNoUsageBit) {
    run(false);
    EXPECT_GT(scene.check_at_end(true), 0u);
}

TEST_P(HptStress, TheSameWhileOneClearsTheTable) {
    run(true);
    scene.check_at_end(false);
    HptCalls(scene, 0, 0).clear_table();
    EXPECT_EQ(scene.check_at_end(false), 0u);
}

} // namespace
} // namespace transom::stress
