// SPDX-License-Identifier: Apache-2.0
#include "bundle_builder.hpp"
#include "home_twins.hpp"
#include "move_fixture.hpp"

#include <transom/fault/faulty_network.hpp>
#include <transom/migrate/answers.hpp>
#include <transom/migrate/doubts.hpp>

// Every record of a move with every fault: docs/migration.md says who has the partition then.

namespace transom::test {
namespace {

using fault::Action;
using migrate::MoveMode;
using migrate::MoveState;
using migrate::Owner;
using migrate::RecordType;

class Faults : public Move, protected migrate::DoubtControl {
  protected:
    Faults() {
        EXPECT_TRUE(faulty.listen(net::InterfaceId::link, 7701, arrivals));
        EXPECT_TRUE(faulty.listen(net::InterfaceId::link, migrate::question_port(7701), answers));
    }

    std::uint64_t doubt_now() override { return source_control.ticks; }
    void decided(const migrate::Doubt&, Owner owner) override { verdict = owner; }

    /// To its end, which may take new connections.
    void move(MoveMode mode) {
        net.ends.clear();
        there.scrub();
        migrate::MoveOrder moved = order(populate(kib(4), 2, filled));
        moved.mode = mode;
        moved.definition = {.shape = {.size = definition.size()}, .bytes = &definition};
        changes_ = mode == MoveMode::pre_copy;
        if (changes_) { // its page table goes while it runs,
            twins.begin(*here.partition);
            source_control.stop_after = 1;
        }
        if (mode == MoveMode::post_copy)
            wait_for_it_ = 70;
        ASSERT_TRUE(source.start(faulty, moved));
        verdict.reset();
        for (int second = 0; second < 4; ++second) {
            work();
            if (source.progress().state == MoveState::in_doubt && !verdict)
                doubts.add(source.doubt());
            source_control.ticks += facts.timebase_frequency;
            target_control.ticks += facts.timebase_frequency;
        }
        doubts.forget("debian");
    }
    void work() {
        for (int idle = 0; idle < 10; ++idle) {
            bool moved = net.pump();
            faulty.run();
            moved = source.step(1000) || moved;
            moved = target.step(1000) || moved;
            doubts.step();
            if (changes_ && source.progress().sections == source.progress().sections_total) {
                changes_ = false;
                twins.protect({9}, 3); // and a section of it once more, in the stop
            }
            if (target_control.started_early != early_ && wait_for_it_ != 0) {
                early_ = target_control.started_early;
                there.partition->vcpus[0].awaits = wait_for_it_ * kib(4);
            }
            if (net.pump() || moved)
                idle = 0;
            source_control.ticks += 50;
            target_control.ticks += 50;
        }
    }
    /// Once a move has handed the partition over, no fault takes it back.
    static bool is_after_run(RecordType record, MoveMode mode) {
        switch (record) {
        case RecordType::page:
        case RecordType::packed_page:
        case RecordType::page_delta:
        case RecordType::zero_pages:
            return mode == MoveMode::post_copy;
        case RecordType::running:
        case RecordType::demand:
        case RecordType::all_sent:
        case RecordType::all_here:
            return true;
        default:
            return false;
        }
    }

    std::vector<std::uint64_t> filled{0, 1, 2, 70, 71, 900, 901, 4095};
    fault::FaultyNetwork faulty{net};
    migrate::Answers answers{target.outcomes()};
    migrate::Doubts doubts{*this, facts.timebase_frequency};
    std::optional<Owner> verdict;
    FdtBuilder fdt;
    const std::expected<tree::Manifest, tree::ManifestError> bundle =
        tree::Manifest::parse(bundle_of(fdt, {{"debian"}}, std::vector(100'000, std::byte{0x5a})));
    const tree::BundleOfOne definition{*bundle, bundle->partitions()[0]};
    HomeTwins twins{arch::fake_real_base + memory::block_size + mib(1)};

  private:
    bool changes_ = false;
    std::uint64_t wait_for_it_ = 0;
    unsigned early_ = 0;
};

/// How many faults there were, and who had the partition afterwards.
struct Cells {
    std::size_t back = 0, over = 0, on_channels = 0;
};

class EveryFault : public Faults, public testing::WithParamInterface<MoveMode> {
  protected:
    /// One fault. False: there was no such record this time.
    void try_fault(std::uint16_t type, std::uint64_t nth, Action action) {
        const MoveMode mode = GetParam();
        const auto record = static_cast<RecordType>(type);
        const unsigned started = target_control.started, discarded = target_control.discarded;
        const unsigned released = source_control.released;
        faulty.plan().arm({.record = type, .nth = nth, .action = action});
        move(mode);
        if (faulty.plan().state() != fault::FaultState::happened)
            return; // fewer of them this time: working, as time goes by
        const bool on_channel = faulty.plan().on_channel();
        const bool there_now = is_after_run(record, mode) || on_channel;
        ++(there_now ? cells.over : cells.back);
        cells.on_channels += on_channel ? 1 : 0;
        const bool resumed = source.progress().state == MoveState::failed || verdict == Owner::here;
        const bool gone = source.progress().state == MoveState::completed || verdict == Owner::peer;
        ASSERT_EQ(resumed, !there_now) << source.progress().failure.text();
        ASSERT_EQ(gone, there_now);
        ASSERT_EQ(target_control.started, started + (there_now ? 1 : 0));
        ASSERT_EQ(source_control.released, released + (source.progress().state == MoveState::completed ? 1 : 0));
        ASSERT_FALSE(target.busy());
        if (there_now) {
            ASSERT_EQ(target.progress().state, MoveState::completed);
            expect_same_memory();
            std::vector<std::byte> sent(definition.size());
            definition.read(0, sent);
            ASSERT_EQ(target_control.definition, sent);
        } else if (target_control.discarded == discarded) {
            ASSERT_EQ(record, RecordType::hello) << "nothing had come";
        }
    }
    /// Of each record of a move.
    void try_all() {
        faulty.plan().arm({.record = 0});
        move(GetParam());
        ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
        std::array<std::uint64_t, fault::FaultPlan::record_types> sent{};
        for (std::uint16_t type = 0; type < sent.size(); ++type)
            sent[type] = faulty.plan().sent(type);
        for (std::uint16_t type = 0; type < sent.size(); ++type)
            for (std::uint64_t nth = 1; nth <= sent[type]; ++nth)
                for (const Action action : {Action::corrupt, Action::truncate, Action::cut}) {
                    SCOPED_TRACE(testing::Message()
                                 << "record " << type << " number " << nth << ", action " << static_cast<int>(action));
                    try_fault(type, nth, action);
                    ASSERT_FALSE(HasFailure());
                }
    }
    Cells cells;
};

TEST_P(EveryFault, R57_WhateverRecordIsHitOneMachineHasAllOfIt) {
    try_all();
    EXPECT_GT(cells.back, 60u);
    EXPECT_GT(cells.over, 2u);
    EXPECT_EQ(cells.on_channels, 0u);
}

TEST_P(EveryFault, R57_R60_OnAChannelNoneStopsTheMove) {
    connections = 3;
    net.window = 5000;
    filled.resize(30);
    std::iota(filled.begin(), filled.end(), 60);
    try_all();
    EXPECT_GT(cells.on_channels, 60u);
    EXPECT_GT(cells.back, 60u);
}

INSTANTIATE_TEST_SUITE_P(Modes, EveryFault,
                         testing::Values(MoveMode::pre_copy, MoveMode::post_copy, MoveMode::stop_and_copy),
                         [](const auto& mode) {
                             return mode.param == MoveMode::pre_copy    ? "PreCopy"
                                    : mode.param == MoveMode::post_copy ? "PostCopy"
                                                                        : "StopAndCopy";
                         });

TEST_F(Faults, WhatIsHeldGoesOnWhenThatIsTakenBack) {
    faulty.plan().arm({.record = static_cast<std::uint16_t>(RecordType::end), .action = Action::hold});
    migrate::MoveOrder moved = order(large(2));
    ASSERT_TRUE(source.start(faulty, moved));
    work();
    EXPECT_EQ(faulty.plan().state(), fault::FaultState::happened);
    const MoveState held_in = target.progress().state;
    EXPECT_FALSE(runs_here() || runs_there());
    work();
    EXPECT_EQ(target.progress().state, held_in);
    EXPECT_TRUE(source.progress().in_progress());
    faulty.plan().disarm();
    work();
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    expect_same_memory();
}

TEST_F(Faults, PassesEverythingOnWhereNoneIsOrdered) {
    move(MoveMode::pre_copy);
    EXPECT_EQ(source.progress().state, MoveState::completed);
    EXPECT_EQ(source.progress().sections_resent, 1u);
    EXPECT_EQ(faulty.plan().state(), fault::FaultState::none);
    EXPECT_EQ(faulty.plan().sent(static_cast<std::uint16_t>(RecordType::end)), 1u);
}

} // namespace
} // namespace transom::test
