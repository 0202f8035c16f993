// SPDX-License-Identifier: Apache-2.0
#include "raw_source.hpp"

namespace transom::test {
namespace {

using migrate::MoveError;
using migrate::MoveState;

void expect_same_state(partition::Partition& a, partition::Partition& b) {
    EXPECT_EQ(a.name(), b.name());
    EXPECT_EQ(a.granule, b.granule);
    ASSERT_EQ(a.memory.size(), b.memory.size());
    const auto* ma = arch::real_pointer(*a.memory.translate({0}));
    const auto* mb = arch::real_pointer(*b.memory.translate({0}));
    EXPECT_EQ(std::memcmp(ma, mb, a.memory.size()), 0);
    ASSERT_EQ(a.hpt.slot_count(), b.hpt.slot_count());
    for (std::uint64_t slot = 0; slot < a.hpt.slot_count(); ++slot)
        ASSERT_EQ(*a.hpt.read({slot}), *b.hpt.read({slot})) << slot;
    ASSERT_EQ(a.vcpu_count, b.vcpu_count);
    for (std::uint32_t i = 0; i < a.vcpu_count; ++i) {
        const partition::Vcpu& va = a.vcpus[i];
        const partition::Vcpu& vb = b.vcpus[i];
        EXPECT_EQ(std::memcmp(&va.registers, &vb.registers, sizeof va.registers), 0);
        EXPECT_EQ(va.state, vb.state);
        EXPECT_EQ(va.prodded, vb.prodded);
        EXPECT_EQ(va.interrupt_mode.little_endian, vb.interrupt_mode.little_endian);
        EXPECT_EQ(va.interrupt_mode.alternate_location, vb.interrupt_mode.alternate_location);
        EXPECT_EQ(va.decrementer_expiry, vb.decrementer_expiry);
        EXPECT_EQ(va.presentation.cppr, vb.presentation.cppr);
        EXPECT_EQ(va.presentation.mfrr, vb.presentation.mfrr);
        EXPECT_EQ(va.areas.vpa, vb.areas.vpa);
        EXPECT_EQ(va.areas.slb_shadow, vb.areas.slb_shadow);
        EXPECT_EQ(va.areas.dispatch_log, vb.areas.dispatch_log);
        EXPECT_EQ(va.areas.dispatch_counter, vb.areas.dispatch_counter);
        EXPECT_EQ(va.areas.dispatch_log_index, vb.areas.dispatch_log_index);
        EXPECT_EQ(va.areas.preempt_reason, vb.areas.preempt_reason);
        EXPECT_EQ(va.areas.preempt_time, vb.areas.preempt_time);
        EXPECT_EQ(va.areas.preempt_fault, vb.areas.preempt_fault);
    }
    EXPECT_EQ(a.clock.base, b.clock.base);
    EXPECT_EQ(a.clock.base_ticks, b.clock.base_ticks);
    EXPECT_EQ(b.clock.frequency, facts.timebase_frequency);
    EXPECT_EQ(a.cpu_characteristics, b.cpu_characteristics);
    for (std::size_t i = 0; i < a.sources.table.size(); ++i) {
        EXPECT_EQ(a.sources.table[i].trigger, b.sources.table[i].trigger);
        EXPECT_EQ(a.sources.table[i].priority, b.sources.table[i].priority);
        EXPECT_EQ(a.sources.table[i].server, b.sources.table[i].server);
        EXPECT_EQ(a.sources.table[i].enabled, b.sources.table[i].enabled);
        EXPECT_EQ(a.sources.table[i].pending, b.sources.table[i].pending);
        EXPECT_EQ(a.sources.table[i].in_service, b.sources.table[i].in_service);
    }
    std::array<std::uint8_t, 4096> ta{}, tb{};
    EXPECT_EQ(a.terminal_count, b.terminal_count);
    EXPECT_EQ(a.sees_pool, b.sees_pool);
    EXPECT_EQ(a.keeps_place, b.keeps_place);
    for (std::size_t i = 0; i < a.terminals.size(); ++i) {
        EXPECT_EQ(a.terminals[i].output.pop(ta), b.terminals[i].output.pop(tb));
        EXPECT_EQ(ta, tb);
        EXPECT_EQ(a.terminals[i].input.pop(ta), b.terminals[i].input.pop(tb));
        EXPECT_EQ(ta, tb);
    }
}

TEST_F(Move, I11_J6_CarriesAPartitionOver) {
    partition::Partition& p = populate(kib(64), 3, {0, 1, 7, 100, 255});
    ASSERT_TRUE(source.start(net, order(p)));
    settle();
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_EQ(target.progress().state, MoveState::completed) << target.progress().failure.text();
    EXPECT_EQ(target_control.started, 1u);
    EXPECT_EQ(source_control.released, 1u);
    EXPECT_EQ(source_control.resumed, 0u);
    EXPECT_EQ(target_control.discarded, 0u);
    expect_same_state(p, *there.partition);
    EXPECT_EQ(here.digests, there.digests);
    EXPECT_EQ(here.digests[2], migrate::xxh64(std::vector<std::byte>(kib(64))));
    for (const auto* progress : {&source.progress(), &target.progress()}) {
        EXPECT_EQ(progress->pages_total, 256u);
        EXPECT_EQ(progress->pages, 5u);
        EXPECT_EQ(progress->zero_pages, 251u);
        EXPECT_EQ(progress->table_entries, 4u);
        EXPECT_EQ(progress->sections_total, 8u);
        EXPECT_EQ(progress->sections, 8u);
        EXPECT_EQ(progress->sections_resent, 0u);
        EXPECT_EQ(progress->sections_in_stop, 8u);
        EXPECT_GT(progress->bytes, 5 * kib(64));
        EXPECT_GT(progress->downtime(), 0u);
        EXPECT_EQ(progress->partition(), "debian");
    }
    EXPECT_FALSE(target.busy());
}

TEST_F(Move, CarriesAPartitionThroughANarrowPipe) {
    net.window = 700;
    source_control.stop_after = 5;
    partition::Partition& p = populate(kib(4), 2, {1, 2, 3, 77, 4000});
    ASSERT_TRUE(source.start(net, order(p)));
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    expect_same_state(p, *there.partition);
    EXPECT_EQ(here.digests, there.digests);
}

TEST_F(Move, CarriesTwoPartitionsOneAfterTheOther) {
    for (int i = 0; i < 2; ++i) {
        partition::Partition& p = small(2);
        there.scrub();
        ASSERT_TRUE(source.start(net, order(p)));
        settle();
        ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
        expect_same_state(p, *there.partition);
    }
}

TEST_F(Move, EachStepOfALongSearchIsSeenByTheTarget) {
    // All granules are zero, and most of the table holds nothing. Steps without any time: each does the least it can.
    partition::Partition& p = populate(kib(4), 1, {});
    migrate::MoveOrder stopped = order(p);
    stopped.mode = migrate::MoveMode::stop_and_copy;
    ASSERT_TRUE(source.start(net, stopped));
    unsigned searching = 0, quiet = 0;
    for (int round = 0; round < 1000 && source.progress().in_progress(); ++round) {
        net.pump();
        const bool copying = source.progress().state == MoveState::copying;
        const std::uint64_t before = copying ? net.acceptor().delivered : 0;
        source.step(0);
        if (copying && source.progress().state == MoveState::copying) {
            ++(net.acceptor().delivered > before ? searching : quiet);
        }
        target.step(1000);
    }
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_GT(searching, 64u);
    EXPECT_LE(quiet, 2u); // from the memory to the table, and to what follows
    const Records records = split(net.acceptor().history);
    EXPECT_EQ(std::ranges::count(records, migrate::RecordType::zero_pages, &Taken::type), 64);
    EXPECT_EQ(std::ranges::count(records, migrate::RecordType::working, &Taken::type), 0);
    EXPECT_EQ(std::ranges::count(records, migrate::RecordType::page_table, &Taken::type), 1);
    expect_same_state(p, *there.partition);
}

TEST_F(Move, ATargetThatScrubsForLongBeforeItAgreesIsNotSilent) {
    partition::Partition& p = small();
    target_control.prepare_after = 40; // each takes 0.6 s
    ASSERT_TRUE(source.start(net, order(p)));
    for (int round = 0; round < 60 && source.progress().in_progress(); ++round) {
        net.pump();
        source_control.ticks += 300'000'000;
        source.step(1000);
        target.step(1000);
    }
    EXPECT_EQ(target_control.prepare_after, 0u);
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    expect_same_state(p, *there.partition);
}

// A sign of life that cannot go out holds up the reply, and nothing else comes between its bytes.
TEST_F(Move, TheReplyWaitsForASignOfLifeThatIsHalfOut) {
    partition::Partition& p = small();
    target_control.prepare_after = 4;
    ASSERT_TRUE(source.start(net, order(p)));
    net.pump();
    source.step(1000);
    net.pump();
    ASSERT_EQ(target_control.created, 1u);
    net.acceptor().window = 7; // of what it says nothing is read now
    for (int round = 0; round < 8; ++round) {
        target_control.ticks += facts.timebase_frequency;
        target.step(1000);
    }
    net.acceptor().window = 100'000;
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    expect_same_state(p, *there.partition);
}

// R47: a run of them costs a record, however long it is.
TEST_F(Move, R47_ZeroPagesCostNextToNothing) {
    std::vector<std::uint64_t> filled;
    for (std::uint64_t page = 0; page < 4096; page += 16)
        filled.push_back(page);
    partition::Partition& p = populate(kib(4), 1, filled);
    there.scrub();
    ASSERT_TRUE(source.start(net, order(p)));
    settle();
    ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_EQ(source.progress().zero_pages, 4096u - 256u);
    std::uint64_t bytes = 0;
    for (const Taken& record : split(net.acceptor().history))
        if (record.type == migrate::RecordType::zero_pages)
            bytes += sizeof(migrate::RecordHeader) + record.payload.size();
    EXPECT_LE(bytes, 16 * source.progress().zero_pages);
    expect_same_memory();
}

TEST_F(Move, ATargetThatWorksForMinutesIsNotSilent) {
    target_control.per_look = facts.timebase_frequency / 10;
    migrate::MoveOrder stopped = order(small());
    stopped.mode = migrate::MoveMode::stop_and_copy; // in the others it does not stand still for so long
    ASSERT_TRUE(source.start(net, stopped));
    const std::uint64_t began = target_control.ticks;
    while (source.progress().in_progress()) {
        const std::uint64_t before = target_control.ticks;
        net.pump();
        source.step(1000);
        target.step(1000);
        source_control.ticks += target_control.ticks - before;
    }
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    EXPECT_GT(target_control.ticks - began, 200 * facts.timebase_frequency); // a look for each granule
}

TEST_F(Move, TellsTheTargetWhetherLargePagesWereOffered) {
    for (const bool large : {false, true}) {
        partition::Partition& p = here.build("debian", kib(64), 1, large);
        p.state = partition::PartitionState::running;
        ASSERT_TRUE(source.start(net, order(p)));
        settle();
        ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
        EXPECT_EQ(there.partition->hpt.options().large_pages, large);
    }
}

TEST_F(Move, PartitionTimeGoesOnAndNeverBack) {
    partition::Partition& p = small();
    const auto before = source_control.ticks + p.timebase_offset;
    ASSERT_TRUE(source.start(net, order(p)));
    settle();
    const std::uint64_t offset = there.partition->timebase_offset;
    EXPECT_EQ(offset % migrate::offset_step, 0u);
    const std::uint64_t after = target_control.ticks + offset;
    EXPECT_GE(after, before);
    // What passed at the source, and the rounding, and the error of the estimate.
    EXPECT_LE(after - (source_control.ticks + p.timebase_offset),
              migrate::offset_step + 2 * source.progress().clock_error);
    EXPECT_LT(source.progress().clock_error, 1000u);
}

TEST_F(Move, ADamagedPageIsFoundByComparingDigests) {
    for (const std::uint64_t page : {std::uint64_t{3}, std::uint64_t{10}}) { // one with contents, one that is zero
        partition::Partition& p = small();
        there.scrub();
        migrate::MoveOrder damaged = order(p);
        damaged.corrupt_page = page;
        ASSERT_TRUE(source.start(net, damaged));
        settle();
        ASSERT_EQ(source.progress().state, MoveState::completed);
        for (std::size_t g = 0; g < here.digests.size(); ++g)
            EXPECT_EQ(here.digests[g] == there.digests[g], g != page) << g;
    }
}

TEST_F(Move, RefusesWhatCanNotBegin) {
    partition::Partition& p = small();
    migrate::MoveOrder damaged = order(p);
    damaged.corrupt_page = 4096;
    EXPECT_EQ(source.start(net, damaged).error().error, MoveError::page_range);
    migrate::MoveOrder nowhere = order(p);
    nowhere.target = {};
    EXPECT_EQ(source.start(net, nowhere).error().error, MoveError::no_connection);
    EXPECT_EQ(source.progress().state, MoveState::failed);
    ASSERT_TRUE(source.start(net, order(p)));
    EXPECT_EQ(source.start(net, order(p)).error().error, MoveError::busy);
    EXPECT_TRUE(source.cancel());
    EXPECT_FALSE(source.cancel());
    settle();
    EXPECT_EQ(source.progress().failure.error, MoveError::cancelled);
    p.state = partition::PartitionState::suspended;
    EXPECT_EQ(source.start(net, order(p)).error().error, MoveError::not_running);
    net.listener = nullptr;
    p.state = partition::PartitionState::running;
    ASSERT_TRUE(source.start(net, order(p)));
    settle();
    EXPECT_EQ(source.progress().failure.error, MoveError::refused_connection);
    EXPECT_TRUE(runs_here());
    EXPECT_FALSE(source_control.asked);
}

TEST_F(Move, CanBeCancelledWhileCopyingByEitherEnd) {
    net.window = 700;
    for (const bool by_target : {false, true}) {
        net.ends.clear();
        target_control.discarded = 0;
        partition::Partition& p = small();
        ASSERT_TRUE(source.start(net, order(p)));
        for (int i = 0; i < 1000 && target.progress().state != MoveState::copying; ++i) {
            net.pump();
            source.step(1000);
            target.step(1000);
        }
        ASSERT_EQ(target.progress().state, MoveState::copying);
        EXPECT_TRUE(by_target ? target.cancel() : source.cancel());
        EXPECT_FALSE(by_target ? target.cancel() : source.cancel());
        settle();
        EXPECT_TRUE(runs_here());
        EXPECT_FALSE(runs_there());
        EXPECT_EQ(target_control.discarded, 1u);
        for (const auto* progress : {&source.progress(), &target.progress()})
            EXPECT_EQ(progress->state, MoveState::failed);
        if (by_target) {
            EXPECT_EQ(source.progress().failure.error, MoveError::cancelled);
        }
    }
}

TEST_F(Move, CannotBeCancelledByTheTargetOnceItRunsThere) {
    ASSERT_TRUE(source.start(net, order(small())));
    settle();
    ASSERT_TRUE(runs_there());
    EXPECT_FALSE(target.cancel());
    EXPECT_EQ(target.progress().state, MoveState::completed);
}

TEST_F(Move, RefusesByNameWhatTheTargetSaysItLacks) {
    target_control.refusal = migrate::failure(MoveError::memory, "only 8 MiB are free");
    partition::Partition& p = small();
    ASSERT_TRUE(source.start(net, order(p)));
    settle();
    EXPECT_EQ(source.progress().state, MoveState::refused);
    EXPECT_EQ(source.progress().failure.error, MoveError::memory);
    EXPECT_EQ(source.progress().failure.text(), "only 8 MiB are free");
    EXPECT_TRUE(runs_here());
    EXPECT_FALSE(source_control.asked);
}

TEST_F(Move, ASecondSourceIsTurnedAwayAndHarmsNothing) {
    partition::Partition& p = small();
    ASSERT_TRUE(source.start(net, order(p)));
    for (int i = 0; i < 3; ++i) {
        net.pump();
        source.step(1000);
    }
    ASSERT_TRUE(target.busy());
    TestSource other_control;
    std::vector<std::byte> buffer(migrate::max_record);
    migrate::SourceSession other(other_control, facts, buffer);
    other_control.session = &other;
    ASSERT_TRUE(other.start(net, order(p)));
    settle();
    EXPECT_EQ(other.progress().state, MoveState::refused);
    EXPECT_EQ(other.progress().failure.error, MoveError::busy);
    EXPECT_EQ(source.progress().state, MoveState::completed);
}

} // namespace
} // namespace transom::test
