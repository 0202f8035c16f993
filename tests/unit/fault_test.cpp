// SPDX-License-Identifier: Apache-2.0
#include "bundle_builder.hpp"
#include "home_twins.hpp"
#include "move_fixture.hpp"

#include <transom/fault/faulty_network.hpp>
#include <transom/migrate/answers.hpp>
#include <transom/migrate/doubts.hpp>
#include <transom/migrate/limits.hpp>

// Every record of a move with every fault: docs/migration.md says who has the partition then.

namespace transom::test {
namespace {

using fault::Action;
using migrate::MoveMode;
using migrate::MoveState;
using migrate::Owner;
using migrate::RecordType;

class Faults : public Move, protected migrate::DoubtControl, private fault::Phases {
  protected:
    Faults() {
        faulty.plan().follow(*this);
        EXPECT_TRUE(faulty.listen(net::InterfaceId::link, 7701, arrivals));
        EXPECT_TRUE(faulty.listen(net::InterfaceId::link, migrate::question_port(7701), answers));
    }

    std::uint64_t doubt_now() override { return source_control.ticks; }
    void decided(const migrate::Doubt&, Owner owner) override { verdict = owner; }

    /// To its end, which may take new connections. What is held is so for longer than anybody waits.
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
        if (mode == MoveMode::hybrid)
            owe_something(moved);
        const unsigned started = target_control.started;
        ASSERT_TRUE(source.start(faulty, moved));
        verdict.reset();
        pass_seconds(4);
        if (faulty.plan().holds()) {
            pass_seconds(migrate::silence_limit_s + 2);
            EXPECT_FALSE(runs_here() && target_control.started != started) << "while it is held";
            faulty.plan().disarm();
            pass_seconds(4);
        }
        doubts.forget("debian");
    }
    void pass_seconds(std::uint64_t seconds) {
        for (; seconds != 0; --seconds) {
            work();
            if (source.progress().state == MoveState::in_doubt && !verdict)
                doubts.add(source.doubt());
            source_control.ticks += facts.timebase_frequency;
            target_control.ticks += facts.timebase_frequency;
        }
    }
    /// It stores to what has been sent, and is not to stand still for that: so it goes on at the target without it.
    void owe_something(migrate::MoveOrder& moved) {
        std::ranges::fill(room, 0);
        pages.emplace(
            moved.partition->memory.size(), moved.partition->granule, std::as_writable_bytes(std::span(room)),
            migrate::PageRules{.frequency = facts.timebase_frequency,
                               .decision = {.mode = migrate::CopyMode::hybrid, .downtime_ms = 0, .passes = 1}});
        moved.pages = &*pages;
        source_control.per_look = 100; // a step does not do all of it
        source_control.asked = false;
        to_store_ = {0, 2, 70};
    }
    void store() {
        if (source_control.tracked == nullptr || source_control.asked)
            return;
        std::erase_if(to_store_, [&](std::uint64_t page) {
            if (pages->table().state({page}).status() != migrate::PageStatus::sent)
                return false;
            source_control.tracked->raise({page * kib(4)}, kib(4));
            here.granule(page)[17] ^= std::byte{1};
            source_control.tracked->lower({page * kib(4)}, kib(4));
            return true;
        });
    }
    void work() {
        for (int idle = 0; idle < 10; ++idle) {
            bool moved = net.pump();
            faulty.run();
            moved = source.step(1000) || moved;
            moved = target.step(1000) || moved;
            doubts.step();
            store();
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
    /// Once a move has handed the partition over, no fault takes it back. `phase`: the source's.
    static bool is_after_run(RecordType record, MoveState phase) {
        switch (record) {
        case RecordType::running:
        case RecordType::demand:
        case RecordType::all_sent:
        case RecordType::all_here:
            return true;
        default:
            return phase == MoveState::post_copying;
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
    MoveState phase() const override { return source.progress().state; }

    std::vector<std::uint64_t> to_store_; // pages, once they have gone
    bool changes_ = false;
    std::uint64_t wait_for_it_ = 0;
    unsigned early_ = 0;
};

/// How many faults there were, and who had the partition afterwards.
struct Cells {
    std::size_t back = 0, over = 0, on_channels = 0, held = 0;
    std::size_t pages_over = 0; // over, and at a page
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
        const bool holds = action == Action::hold && faulty.plan().state() == fault::FaultState::none;
        if (faulty.plan().state() != fault::FaultState::happened && !holds)
            return; // fewer of them this time: working, as time goes by
        const bool on_channel = faulty.plan().way().channel;
        const bool after = is_after_run(record, faulty.plan().phase());
        // What is held stops all connections.
        const bool there_now = after || (on_channel && !holds);
        ++(there_now ? cells.over : cells.back);
        cells.on_channels += on_channel ? 1 : 0;
        cells.held += holds ? 1 : 0;
        cells.pages_over += after && record == RecordType::page ? 1 : 0;
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
                for (const Action action : {Action::corrupt, Action::truncate, Action::cut, Action::hold}) {
                    if (action == Action::hold && nth != 1 && nth != sent[type])
                        continue; // they take their time
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
    EXPECT_GT(cells.held, 15u);
    EXPECT_EQ(cells.pages_over > 3, GetParam() == MoveMode::post_copy || GetParam() == MoveMode::hybrid);
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
                         testing::Values(MoveMode::pre_copy, MoveMode::hybrid, MoveMode::post_copy,
                                         MoveMode::stop_and_copy),
                         [](const auto& mode) {
                             return mode.param == MoveMode::pre_copy    ? "PreCopy"
                                    : mode.param == MoveMode::hybrid    ? "Hybrid"
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

TEST_F(Faults, CountsWhatIsSentByPhases) {
    constexpr auto page = static_cast<std::uint16_t>(RecordType::page);
    faulty.plan().arm({.record = page, .nth = 1, .action = Action::cut, .phase = MoveState::post_copying});
    move(MoveMode::pre_copy);
    EXPECT_EQ(faulty.plan().state(), fault::FaultState::armed) << "there is no such phase";
    const std::uint64_t pages_sent = faulty.plan().sent(page);
    EXPECT_EQ(faulty.plan().sent(page, MoveState::pre_copying), pages_sent);
    EXPECT_EQ(faulty.plan().sent(page, MoveState::post_copying), 0u);
    move(MoveMode::hybrid);
    EXPECT_EQ(faulty.plan().state(), fault::FaultState::happened);
    EXPECT_EQ(faulty.plan().phase(), MoveState::post_copying);
    EXPECT_EQ(faulty.plan().way().connection, 3u) << "since it was armed: the move before made one and took one";
    EXPECT_GT(faulty.plan().sent(page, MoveState::pre_copying), pages_sent);
    EXPECT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
    expect_same_memory();
}

} // namespace
} // namespace transom::test
