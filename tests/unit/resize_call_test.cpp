// SPDX-License-Identifier: Apache-2.0
#include "mover_fixture.hpp"

#include <transom/hcall/dispatch.hpp>
#include <transom/hpt/hash.hpp>
#include <transom/migrate/table_state.hpp>

namespace transom::migrate {
namespace {

using papr::Op;
using papr::Status;
using testing::HasSubstr;

constexpr Bytes table_18 = hpt::size_with_words(18), table_19 = hpt::size_with_words(19);

/// A partition of 16 MiB, for which a table of 2^18 bytes is recommended, and whose two processors come and go as they are told.
class ResizeCalls : public MoverTest {
  protected:
    ResizeCalls() {
        start();
        free = a.frames.available();
    }

    void start() {
        const auto built =
            test::create_empty(a.roster, {.name = "p", .memory = mib(16), .virtual_processors = 2, .granule = kib(64)});
        EXPECT_TRUE(built);
        p = *built;
        a.roster.start(*p);
        for (unsigned i = 0; i < 2; ++i) {
            p->vcpus[i].state = partition::VcpuState::ready;
            come(i);
        }
    }

    void come(unsigned processor) { tables[processor] = p->dual->enter(processor, processor).table; }
    void go(unsigned processor) { p->dual->leave(processor); }
    void pass(unsigned processor) {
        go(processor);
        come(processor);
    }
    /// Through the dispatch of calls; nothing where it is to be made again.
    std::optional<Status> call(Op op, std::vector<std::uint64_t> arguments, unsigned processor = 0) {
        partition::Vcpu& vcpu = p->vcpus[processor];
        auto& gpr = vcpu.registers.gpr;
        gpr[3] = static_cast<std::uint64_t>(op);
        std::ranges::copy(arguments, gpr.begin() + 4);
        vcpu.registers.nip = 0x1004;
        if (hcall::dispatch(vcpu).then != hcall::Then::missing) {
            EXPECT_EQ(vcpu.registers.nip, 0x1004u);
            return static_cast<Status>(gpr[3]);
        }
        EXPECT_EQ(vcpu.registers.nip, 0x1000u);
        EXPECT_EQ(gpr[3], static_cast<std::uint64_t>(op));
        EXPECT_TRUE(partition::wants_to_run(vcpu, 0)); // nothing is missing
        return {};
    }
    std::optional<Status> prepare(std::uint64_t log2_bytes) { return call(Op::resize_hpt_prepare, {0, log2_bytes}); }
    std::optional<Status> commit(std::uint64_t log2_bytes, unsigned processor = 0) {
        return call(Op::resize_hpt_commit, {0, log2_bytes}, processor);
    }
    /// The attendant works, and who is kicked comes out and goes in again.
    void work(int turns = 200) {
        for (; turns != 0; --turns) {
            a.attendant.run();
            pass(0);
            pass(1);
        }
        while (a.frames.scrub_one()) {}
    }
    void prepared(std::uint64_t log2_bytes) {
        ASSERT_EQ(prepare(log2_bytes), Status::long_busy_10_ms);
        work();
        ASSERT_EQ(prepare(log2_bytes), Status::success);
    }
    void committed(std::uint64_t log2_bytes) {
        std::optional<Status> status;
        for (int i = 0; i < 5 && !status; ++i) {
            status = commit(log2_bytes);
            pass(0);
            pass(1);
        }
        ASSERT_EQ(status, Status::success);
    }
    void resized(std::uint64_t log2_bytes) {
        prepared(log2_bytes);
        committed(log2_bytes);
        work();
        ASSERT_EQ(p->dual->resize().step(), dual::ResizeStep::idle);
    }
    /// A bolted page of 64 KiB; its slot.
    std::uint64_t enter(std::uint64_t number, unsigned processor = 0) {
        const hpt::SegmentOffset place{papr::SegmentSize::mib_256, 5, number << 16};
        const papr::PageSize size = papr::PageSize::kib_64;
        const auto group = hpt::group_of(hpt::primary_hash(place, size), p->hpt.log2_bytes());
        const std::uint64_t d0 =
            hpt::virtual_page_field(place, size) | papr::d0::valid | papr::d0::large | papr::d0::bolted;
        EXPECT_EQ(call(Op::enter, {0, papr::ptex(group, 0).value, d0, (number % 256) << 16 | 0x1000 | 0x12}, processor),
                  Status::success);
        return p->vcpus[processor].registers.gpr[4];
    }
    std::uint64_t read_d0(std::uint64_t slot) {
        EXPECT_EQ(call(Op::read, {0, slot}), Status::success);
        return p->vcpus[0].registers.gpr[4];
    }

    partition::Partition* p = nullptr;
    Bytes free = 0;
    dual::Which tables[2] = {};
};

TEST_F(ResizeCalls, R29_WhatIsNoSizeIsRefused) {
    EXPECT_EQ(call(Op::resize_hpt_prepare, {1, 19}), Status::parameter);
    EXPECT_EQ(prepare(17), Status::parameter);
    EXPECT_EQ(prepare(47), Status::parameter);
    EXPECT_EQ(prepare(std::uint64_t{1} << 32 | 18), Status::parameter);
    EXPECT_EQ(prepare(20), Status::resource); // one above the recommended size is the most
    EXPECT_EQ(prepare(0), Status::success);
    EXPECT_EQ(call(Op::resize_hpt_commit, {1, 19}), Status::parameter);
    EXPECT_EQ(commit(19), Status::closed);
    EXPECT_EQ(commit(0), Status::closed);
    EXPECT_EQ(p->dual->resize().step(), dual::ResizeStep::idle);
}

TEST_F(ResizeCalls, R29_ThePartitionGoesOnWithABiggerTableAndThenASmallerOne) {
    const std::uint64_t slot = enter(7);
    const std::uint64_t d0 = read_d0(slot);
    resized(19);
    EXPECT_EQ(p->hpt.log2_bytes(), 19u);
    EXPECT_EQ(read_d0(slot), d0); // 7 has no hash above the old table's
    EXPECT_EQ(call(Op::read, {0, 20000}), Status::success);
    EXPECT_EQ(a.frames.available(), free - table_19 + table_18);
    resized(18);
    EXPECT_EQ(read_d0(slot), d0);
    EXPECT_EQ(call(Op::read, {0, 20000}), Status::parameter);
    EXPECT_EQ(a.frames.available(), free);
    EXPECT_EQ(a.roster.table_totals().drained, 0u);
}

TEST_F(ResizeCalls, R29_ACommitBeforeItIsPreparedIsBusyAndOfAnotherSizeClosed) {
    ASSERT_EQ(prepare(19), Status::long_busy_10_ms);
    EXPECT_EQ(prepare(19), Status::long_busy_10_ms);
    EXPECT_EQ(commit(19), Status::busy);
    EXPECT_EQ(commit(18), Status::closed);
    work();
    EXPECT_EQ(commit(18), Status::closed);
    EXPECT_EQ(prepare(19), Status::success);
    EXPECT_EQ(prepare(0), Status::success); // cancelled
    EXPECT_EQ(commit(19), Status::closed);
    work();
    EXPECT_EQ(a.frames.available(), free);
}

TEST_F(ResizeCalls, R29_AnotherSizeTakesThePlaceOfTheOneBefore) {
    prepared(18);
    EXPECT_EQ(prepare(19), Status::long_busy_10_ms);
    work();
    EXPECT_EQ(prepare(19), Status::long_busy_10_ms); // now that the other one is gone
    work();
    EXPECT_EQ(prepare(19), Status::success);
    EXPECT_EQ(a.frames.available(), free - table_19);
}

TEST_F(ResizeCalls, R29_PreparingWaitsForWhoIsInACall) {
    ASSERT_EQ(prepare(19), Status::long_busy_10_ms);
    for (int i = 0; i < 50; ++i)
        a.attendant.run();
    EXPECT_EQ(p->dual->resize().step(), dual::ResizeStep::diverting);
    pass(0);
    a.attendant.run();
    EXPECT_EQ(p->dual->resize().step(), dual::ResizeStep::diverting);
    pass(1);
    a.attendant.run();
    EXPECT_EQ(p->dual->resize().step(), dual::ResizeStep::copying);
}

TEST_F(ResizeCalls, R29_ACommitIsAnsweredWhenAllWalkTheNewTable) {
    prepared(19);
    const std::uint64_t slot = enter(7, 1);
    EXPECT_FALSE(commit(19));
    pass(0);
    EXPECT_EQ(tables[0], dual::Which::second);
    EXPECT_EQ(tables[1], dual::Which::first);
    EXPECT_FALSE(commit(19));
    EXPECT_EQ(p->hpt.log2_bytes(), 18u);
    // Nobody is to make calls now: who does makes them again.
    EXPECT_FALSE(call(Op::read, {0, slot}, 1));
    EXPECT_FALSE(call(Op::bulk_remove, {0}, 1));
    EXPECT_FALSE(commit(19, 1));
    pass(1);
    EXPECT_EQ(commit(19), Status::success);
    EXPECT_EQ(p->hpt.log2_bytes(), 19u);
    EXPECT_EQ(commit(19), Status::closed);
    EXPECT_EQ(call(Op::read, {0, slot}, 1), Status::success); // now of the new table
    EXPECT_EQ(call(Op::remove, {0, slot, 0}, 1), Status::success);
    work();
    EXPECT_EQ(tables[0], dual::Which::first);
    EXPECT_EQ(p->dual->phase(), dual::Phase::normal);
}

TEST_F(ResizeCalls, R31_AProcessorThatIsOutsideIsNotWaitedFor) {
    prepared(19);
    go(1);
    EXPECT_FALSE(commit(19));
    pass(0);
    EXPECT_EQ(commit(19), Status::success);
    come(1);
    EXPECT_EQ(tables[1], dual::Which::first); // on its own number, which is the new table's by now
}

TEST_F(ResizeCalls, R29_AProcessorOnTheNewTableFaultsInItAsInTheOldOne) {
    prepared(19);
    EXPECT_FALSE(commit(19));
    pass(0);
    auto& engine = *p->dual;
    using dual::FaultAnswer;
    const auto real = engine.fault_while_changing({0x5000}, true, p->memory, dual::cause::no_entry);
    EXPECT_EQ(real.answer, FaultAnswer::again);
    const auto beyond = engine.fault_while_changing({0x5'0000'0000}, true, p->memory, dual::cause::no_entry);
    EXPECT_EQ(beyond.answer, FaultAnswer::reflect);
    const std::uint64_t cause = dual::cause::no_entry | dual::cause::store;
    const auto own = engine.fault_while_changing({0x5000}, false, p->memory, cause);
    EXPECT_EQ(own.answer, FaultAnswer::reflect);
    EXPECT_EQ(own.cause, cause);
    pass(1);
    EXPECT_EQ(commit(19), Status::success);
}

TEST_F(ResizeCalls, R29_NoRoomForABoltedEntryIsPtegFull) {
    resized(19);
    enter(1);
    enter(1 + 2048); // the group of 1 in a table of 2^18 bytes
    prepared(18);    // Linux takes no such answer from this call
    EXPECT_EQ(commit(18), Status::pteg_full);
    work();
    EXPECT_EQ(a.frames.available(), free - table_19 + table_18);
    EXPECT_EQ(commit(18), Status::closed);
}

TEST_F(ResizeCalls, R29_NoRoomForOneThatComesLaterIsPtegFullAtTheCommit) {
    resized(19);
    enter(1);
    prepared(18);
    enter(1 + 2048);
    EXPECT_EQ(commit(18), Status::pteg_full);
    EXPECT_EQ(commit(18), Status::closed);
    EXPECT_EQ(p->hpt.log2_bytes(), 19u);
}

TEST_F(ResizeCalls, R29_WithoutMemoryItIsAResource) {
    while (a.frames.allocate(kib(64), kib(64), FrameState::hypervisor)) {}
    EXPECT_EQ(prepare(19), Status::long_busy_10_ms);
    work();
    EXPECT_EQ(commit(19), Status::closed);
    EXPECT_EQ(prepare(19), Status::resource);
}

TEST_F(ResizeCalls, C10_AMigrationThatBeginsDropsWhatIsPrepared) {
    prepared(19);
    ASSERT_TRUE(p->dual->resize().hold(*p));
    EXPECT_EQ(commit(19), Status::closed);
    EXPECT_EQ(prepare(19), Status::resource);
    EXPECT_EQ(prepare(0), Status::success);
    work();
    EXPECT_EQ(a.frames.available(), free);
    p->dual->resize().let();
    EXPECT_EQ(prepare(19), Status::long_busy_10_ms);
}

TEST_F(ResizeCalls, C10_AMigrationDoesNotBeginWhileTheTableChanges) {
    prepared(19);
    committed(19);
    const auto refused = a.mover.move(network, "p", {0x0a4d0002}, migration_port, {});
    ASSERT_FALSE(refused);
    EXPECT_THAT(std::string(refused.error().text()), HasSubstr("changes the size of its page table"));
    work();
    EXPECT_TRUE(p->dual->resize().hold(*p));
}

TEST_F(ResizeCalls, R28_APartitionMayEndAtAnyStep) {
    for (int turns = 0; turns < 12; ++turns) {
        prepare(19);
        work(turns);
        for (int i = 0; i < turns % 5; ++i) {
            commit(19);
            pass(i % 2);
        }
        go(0);
        go(1);
        a.end("p");
        EXPECT_EQ(a.frames.available(), free_at_start) << turns;
        start();
        EXPECT_EQ(call(Op::read, {0, 0}), Status::success);
    }
}

TEST_F(ResizeCalls, R29_AResizedTableMoves) {
    const std::uint64_t slot = enter(7);
    const std::uint64_t d0 = read_d0(slot);
    resized(19);
    go(0);
    go(1);
    ASSERT_TRUE(move("p"));
    ASSERT_EQ(a.roster.find("p"), nullptr);
    p = b.roster.find("p");
    ASSERT_NE(p, nullptr);
    EXPECT_EQ(p->hpt.log2_bytes(), 19u);
    EXPECT_EQ(read_d0(slot), d0);
}

} // namespace
} // namespace transom::migrate
