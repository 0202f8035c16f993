// SPDX-License-Identifier: Apache-2.0
#include <call_check.hpp>
#include <gmock/gmock.h>
#include <steps.hpp>
#include <transom/hcall/dispatch.hpp>
#include <transom/partition/msr.hpp>

// Whether the checks of the fuzz target (tests/fuzz) fail where something is broken: here it is broken on purpose.
namespace transom::hcall_fuzz {
namespace {

using papr::Op;
using testing::HasSubstr;

class FuzzCheck : public testing::Test {
  protected:
    /// Makes a call, breaks something, and gives what the check says.
    template <class Break> std::string after(Op op, std::initializer_list<std::uint64_t> arguments, Break break_it) {
        vcpu().registers.gpr[3] = static_cast<std::uint64_t>(op);
        std::copy(arguments.begin(), arguments.end(), vcpu().registers.gpr.begin() + 4);
        const CallCheck check(scene, vcpu());
        hcall::Outcome outcome = hcall::dispatch(vcpu());
        break_it(outcome);
        return check.broken_by(outcome);
    }
    std::string after(Op op, std::initializer_list<std::uint64_t> arguments) {
        return after(op, arguments, [](hcall::Outcome&) {});
    }
    /// Enters a 64 KiB page of the second block into slot 0 and breaks that slot.
    template <class Break> std::string after_enter(Break break_slot) {
        return after(Op::enter, {0, 0, d0, d1}, [&](hcall::Outcome&) {
            SlotWords words = scene.slot(0);
            break_slot(words);
            scene.set_slot(0, words);
        });
    }
    partition::Vcpu& vcpu() { return scene.partition().vcpus[0]; }
    std::array<std::uint64_t, 32>& gpr() { return vcpu().registers.gpr; }

    static constexpr std::uint64_t d0 = 0x4000000000001005, d1 = memory::block_size + 0x1012;
    Scene scene;
};

TEST_F(FuzzCheck, SaysNothingWhereNothingIsBroken) {
    EXPECT_EQ(after(Op::enter, {0, 0, d0, d1}), "");
    EXPECT_EQ(gpr()[3], 0u);
    EXPECT_EQ(after(Op::protect, {1, 0}), "");
    EXPECT_EQ(after(Op::read, {0, 0}), "");
    EXPECT_EQ(after(Op::remove, {0, 0}), "");
    EXPECT_EQ(gpr()[3], 0u);
    EXPECT_EQ(after(Op::cede, {}), "");
    vcpu().state = partition::VcpuState::ready;
    EXPECT_EQ(after(Op::set_sprg0, {5}), "");
    EXPECT_EQ(after(Op::clear_hpt, {}), "");
    EXPECT_EQ(after(static_cast<Op>(0x1234), {}), "");
    vcpu().registers.msr |= partition::msr::pr;
    EXPECT_EQ(after(Op::cede, {}), "");
}

TEST_F(FuzzCheck, NoticesAnEntryThatMapsForeignMemory) {
    EXPECT_THAT(after_enter([](SlotWords& words) { words.d1 += memory::block_size; }), HasSubstr("does not own"));
}

TEST_F(FuzzCheck, NoticesAPageThatReachesBeyondItsBlock) {
    // A 16 MiB page by its encoding, at the place of a smaller one.
    EXPECT_THAT(after_enter([](SlotWords& words) {
                    words.d0 |= papr::d0::large;
                    words.d1 = (words.d1 & ~papr::d1::large_page) + memory::block_size;
                }),
                HasSubstr("does not own"));
}

TEST_F(FuzzCheck, NoticesAGuestWordOfAnotherPage) {
    EXPECT_THAT(after_enter([](SlotWords& words) { words.guest_word += kib(64); }), HasSubstr("names another page"));
}

TEST_F(FuzzCheck, NoticesAnotherProtectionThanThePartitionSees) {
    EXPECT_THAT(after_enter([](SlotWords& words) { words.d1 ^= 1; }), HasSubstr("another protection"));
}

TEST_F(FuzzCheck, NoticesALockedSlot) {
    EXPECT_THAT(after_enter([](SlotWords& words) { words.d0 |= 0x40; }), HasSubstr("still locked"));
}

TEST_F(FuzzCheck, NoticesACacheInhibitedMapping) {
    EXPECT_THAT(after_enter([](SlotWords& words) { words.d1 |= 0x28; }), HasSubstr("attributes"));
}

TEST_F(FuzzCheck, NoticesASlotThatTheCallDidNotName) {
    EXPECT_THAT(after(Op::poll_pending, {},
                      [&](auto&) {
                          scene.set_slot(slots - 1, {1, 0, 0});
                      }),
                HasSubstr("does not name: slot 0x3fff"));
}

TEST_F(FuzzCheck, NoticesATranslationThatWasNotFlushed) {
    ASSERT_EQ(after(Op::enter, {0, 0, d0, d1}), "");
    EXPECT_THAT(after(Op::remove, {0, 0}, [&](auto&) { scene.machine().flushes_.clear(); }), HasSubstr("not flushed"));
}

TEST_F(FuzzCheck, NoticesAFlushOfAnotherPartition) {
    ASSERT_EQ(after(Op::enter, {0, 0, d0, d1}), "");
    EXPECT_THAT(after(Op::remove, {0, 0}, [&](auto&) { scene.machine().flushes_.back().lpid = 5; }),
                HasSubstr("not flushed"));
}

TEST_F(FuzzCheck, NoticesAnEntryForRealModeThatACallTookAway) {
    ASSERT_TRUE(scene.partition().hpt.insert_real_mode({0}, scene.partition().memory));
    TableScope everywhere{.everywhere = true, .slots = {}, .own = TableScope::Own::may_come};
    ASSERT_EQ(check_table(scene, everywhere, 0), "");
    std::uint64_t own = 0;
    while (!scene.slot(own).used())
        ++own;
    EXPECT_THAT(after(Op::protect, {0, own}, [&](auto&) { scene.set_slot(own, {}); }), HasSubstr("real mode went"));
}

TEST_F(FuzzCheck, NoticesEveryWayOfCountingWrong) {
    EXPECT_THAT(after(Op::cede, {}, [&](auto&) { scene.partition().vcpus[0].calls = {}; }),
                HasSubstr("0 were counted and 1 made"));
    vcpu().state = partition::VcpuState::ready;
    EXPECT_THAT(after(Op::poll_pending, {}, [&](auto&) { ++scene.partition().vcpus[0].calls.problem_state; }),
                HasSubstr("problem state: 1 were counted and 0 made"));
}

TEST_F(FuzzCheck, NoticesARegisterThatIsNoOutput) {
    EXPECT_THAT(after(Op::xirr, {}, [&](auto&) { ++gpr()[5]; }), HasSubstr("r5 changed"));
    EXPECT_THAT(after(Op::xirr, {}, [&](auto&) { ++gpr()[14]; }), HasSubstr("r14 changed"));
    EXPECT_THAT(after(Op::xirr, {}, [&](auto&) { ++vcpu().registers.lr; }), HasSubstr("lr"));
    EXPECT_THAT(after(Op::xirr, {}, [&](auto&) { ++vcpu().registers.spr[0]; }), HasSubstr("special purpose"));
    EXPECT_THAT(after(Op::xirr, {}, [&](auto&) { vcpu().registers.msr ^= 1; }), HasSubstr("MSR"));
    EXPECT_THAT(after(Op::xirr, {}, [&](auto&) { ++scene.partition().vcpus[1].registers.gpr[7]; }),
                HasSubstr("processor 1 changed"));
}

TEST_F(FuzzCheck, NoticesAStatusThatLoparDoesNotHave) {
    EXPECT_THAT(after(Op::poll_pending, {},
                      [&](hcall::Outcome& outcome) {
                          outcome.status = static_cast<papr::Status>(-20);
                          gpr()[3] = static_cast<std::uint64_t>(outcome.status);
                      }),
                HasSubstr("none of LoPAR's"));
    EXPECT_THAT(after(Op::poll_pending, {}, [&](auto&) { gpr()[3] = 1; }), HasSubstr("r3 is not the status"));
}

TEST_F(FuzzCheck, NoticesAPageThatCannotBeMissing) {
    scene.partition().memory.inject_missing(1);
    EXPECT_THAT(after(Op::logical_cache_load, {8, 0}), HasSubstr("all are there"));
}

TEST_F(FuzzCheck, NoticesWhatWasInForeignMemory) {
    EXPECT_THAT(after(Op::purr, {}, [&](auto&) { gpr()[4] = canary; }), HasSubstr("r4 has what was in foreign memory"));
    EXPECT_THAT(after(Op::purr, {}, [&](auto&) { gpr()[4] = canary & 0xffffffff; }), HasSubstr("foreign"));
}

TEST_F(FuzzCheck, NoticesARealPageNumberInAnAnswer) {
    ASSERT_EQ(after(Op::enter, {0, 0, d0, d1}), "");
    EXPECT_THAT(after(Op::read, {0, 0}, [&](auto&) { gpr()[5] = scene.slot(0).d1; }), HasSubstr("not the partition's"));
}

TEST_F(FuzzCheck, NoticesAWriteToForeignMemory) {
    scene.write_foreign(foreign_block, 0);
    EXPECT_THAT(after(Op::purr, {}), HasSubstr("written at real address 0x41000000"));
    scene.write_foreign(foreign_block, canary);
    EXPECT_EQ(after(Op::purr, {}), "");
}

TEST_F(FuzzCheck, NoticesATableThatWasNotCleared) {
    EXPECT_THAT(after(Op::clear_hpt, {}, [&](auto&) { scene.set_slot(9, {0, 0, 5}); }), testing::Not(""));
    ASSERT_EQ(after(Op::clear_hpt, {}), "");
}

// From the input's first byte to the complaint: what the target does with a bug in H_ENTER.
TEST_F(FuzzCheck, StepsStopAtTheCallThatBreaksSomething) {
    // Table call (step 0), its second kind (H_ENTER); zeros are what is asked for mostly.
    const std::array<std::uint8_t, 12> bytes{0, 1};
    Tally tally;
    Steps healthy(scene, Input(bytes), tally);
    EXPECT_EQ(healthy.run(), "");
    EXPECT_EQ(tally.succeeded[1], 1u) << tally.text();

    Input settings({});
    scene.begin(settings);
    Steps broken(scene, Input(bytes), tally);
    broken.plant([](Scene& where, const Call&) {
        SlotWords words = where.slot(0);
        words.d1 -= memory::block_size;
        where.set_slot(0, words);
    });
    EXPECT_THAT(broken.run(), testing::AllOf(HasSubstr("does not own"), HasSubstr("after H_ENTER by processor 0")));
}

} // namespace
} // namespace transom::hcall_fuzz
