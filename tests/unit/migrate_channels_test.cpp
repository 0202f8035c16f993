// SPDX-License-Identifier: Apache-2.0
#include "move_fixture.hpp"
#include "raw_source.hpp"

namespace transom::test {
namespace {

using migrate::MoveError;
using migrate::MoveMode;
using migrate::MoveState;
using migrate::RecordType;

/// A move by several connections. The network's first is the one for everything, the others are the channels in their order.
class Channels : public Move {
  protected:
    Channels() { connections = 4; }

    /// The pages 0 to 99 have something in them.
    migrate::MoveOrder by_channels(MoveMode mode = MoveMode::pre_copy) {
        migrate::MoveOrder moved = order(large());
        moved.mode = mode;
        return moved;
    }
    std::size_t made() const { return net.ends.size() / 2; }
    static std::size_t count(const PipeEnd& end, RecordType type) {
        const std::span<const std::byte> all = end.history;
        std::vector<std::byte> buffer(migrate::max_record);
        migrate::RecordReader reader(buffer);
        std::size_t found = 0;
        for (std::size_t at = 0; at < all.size();) {
            const auto fed = reader.feed(all.subspan(at));
            if (!fed)
                break;
            at += fed->consumed;
            found += fed->record && fed->record->type == type ? 1 : 0;
        }
        return found;
    }
    /// Of what has arrived, without a record that has come in part.
    static std::span<const std::byte> whole_records(const PipeEnd& end) {
        std::vector<std::byte> buffer(migrate::max_record);
        migrate::RecordReader reader(buffer);
        std::size_t at = 0, whole = 0;
        while (at < end.history.size()) {
            const auto fed = reader.feed(std::span(end.history).subspan(at));
            if (!fed)
                break;
            at += fed->consumed;
            whole = fed->record ? at : whole;
        }
        return std::span(end.history).first(whole);
    }
    void store(std::uint64_t page, std::byte value) {
        migrate::PageStateTable& table = *source_control.tracked;
        table.raise({page * kib(4)}, kib(4));
        std::ranges::fill(here.granule(page), value);
        table.lower({page * kib(4)}, kib(4));
    }
    void expect_completed() {
        ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
        ASSERT_EQ(target.progress().state, MoveState::completed) << target.progress().failure.text();
        EXPECT_EQ(target_control.started, 1u);
        EXPECT_EQ(source_control.released, 1u);
        EXPECT_EQ(source_control.resumed, 0u);
        EXPECT_EQ(target_control.discarded, 0u);
        expect_same_memory();
    }
    /// Nothing of a move is left: the next may begin.
    void begin_anew() {
        settle();
        net.ends.clear();
        there.scrub();
        source_control = {};
        target_control.started = target_control.discarded = target_control.started_early = 0;
        target_control.created = target_control.completed = 0;
    }
};

TEST_F(Channels, R60_PagesGoByAllOfThem) {
    net.window = 9000;
    ASSERT_TRUE(source.start(net, by_channels()));
    settle();
    expect_completed();
    ASSERT_EQ(made(), 4u);
    EXPECT_EQ(source.progress().connections, 4u);
    EXPECT_EQ(target.progress().connections, 4u);
    EXPECT_EQ(source.progress().connections_lost, 0u);
    std::size_t pages = count(net.acceptor(0), RecordType::page);
    for (std::size_t channel = 1; channel < 4; ++channel) {
        EXPECT_GE(count(net.acceptor(channel), RecordType::page), 5u) << channel;
        EXPECT_EQ(count(net.acceptor(channel), RecordType::join), 1u) << channel;
        EXPECT_GE(count(net.connector(channel), RecordType::received), 1u) << channel;
        pages += count(net.acceptor(channel), RecordType::page);
    }
    EXPECT_EQ(pages, source.progress().pages);
    EXPECT_EQ(source.progress().bytes, target.progress().bytes);
    for (const auto& end : net.ends)
        EXPECT_FALSE(end->open);
}

TEST_F(Channels, TheSourceMakesAsManyAsItIsTold) {
    for (unsigned wanted = 1; wanted <= migrate::max_connections; ++wanted) {
        begin_anew();
        net.window = 5000;
        connections = wanted;
        ASSERT_TRUE(source.start(net, by_channels()));
        settle();
        expect_completed();
        EXPECT_EQ(made(), wanted);
    }
}

// Where each of its pages was: sent, half there, there and not confirmed.
TEST_F(Channels, R60_OneThatBreaksAnywhereLosesNothing) {
    for (const MoveMode mode : {MoveMode::pre_copy, MoveMode::stop_and_copy, MoveMode::post_copy})
        for (std::uint64_t at = 0; at < 30'000; at = at * 3 / 2 + 37)
            for (const bool forward : {true, false}) {
                begin_anew();
                ASSERT_TRUE(source.start(net, by_channels(mode)));
                bool broken = false, stored = false;
                until([&] {
                    if (made() >= 3 && !std::exchange(broken, true))
                        (forward ? net.acceptor(2) : net.connector(2)).cut_after = forward ? at : at % 3000;
                    if (mode == MoveMode::pre_copy && source_control.tracked != nullptr && !source_control.asked &&
                        broken && !std::exchange(stored, true))
                        for (const std::uint64_t page : {1, 50, 99, 1000})
                            store(page, std::byte{0x77});
                    return !source.progress().in_progress();
                });
                settle();
                expect_completed();
                ASSERT_FALSE(HasFailure()) << at << (forward ? " forward" : " backward") << ", mode " << int(mode);
            }
}

TEST_F(Channels, R60_WithoutAnyItGoesOnByTheFirst) {
    net.window = 5000;
    ASSERT_TRUE(source.start(net, by_channels()));
    ASSERT_TRUE(until([&] { return made() == 4; }));
    for (std::size_t channel = 1; channel < 4; ++channel)
        net.acceptor(channel).cut_after = net.acceptor(channel).delivered + 5000;
    settle();
    expect_completed();
    EXPECT_EQ(source.progress().connections_lost, 3u);
    EXPECT_GE(count(net.acceptor(0), RecordType::page), 50u);
}

TEST_F(Channels, R60_WhatIsDamagedOnOneGoesByAnother) {
    for (std::uint64_t at = 80; at < 9000; at += 511) { // behind join
        begin_anew();
        ASSERT_TRUE(source.start(net, by_channels()));
        ASSERT_TRUE(until([&] { return made() == 3; }));
        net.acceptor(2).flip_at = at;
        settle();
        expect_completed();
        EXPECT_EQ(source.progress().connections_lost, 1u);
    }
}

// It is given up, and what it brings after all changes nothing.
TEST_F(Channels, R55_ALatePageDoesNotReplaceANewerOne) {
    net.window = 30'000;
    ASSERT_TRUE(source.start(net, by_channels()));
    ASSERT_TRUE(until([&] { return made() >= 3 && net.acceptor(2).handler != nullptr; }));
    // What comes there waits from now on.
    PipeEnd& channel = net.acceptor(2);
    net::StreamHandler* const handler = std::exchange(channel.handler, nullptr);
    ASSERT_TRUE(until([&] { return count(channel, RecordType::page) >= 3; }));
    const std::vector<std::byte> late = channel.inbound;
    const std::uint64_t page_on_it =
        std::uint64_t{split(whole_records(channel)).back().as<migrate::PageRecord>().index};
    for (std::uint64_t page = 0; page < 100; ++page)
        store(page, std::byte{0x11});
    for (int round = 0; round < 4; ++round) { // that it was taken has been heard
        net.pump();
        source.step(1000);
    }
    source_control.ticks += 6 * facts.timebase_frequency;
    ASSERT_TRUE(until([&] { return source.progress().connections_lost == 1; }));
    for (const auto& end : net.ends)
        end->window = 300; // so that there is time left when the page has come another way
    ASSERT_TRUE(until([&] { return there.granule(page_on_it)[0] == std::byte{0x11}; }));
    ASSERT_TRUE(source.progress().in_progress());
    channel.handler = handler;
    channel.peer_aborted = false;
    channel.inbound = late;
    channel.offer = true;
    net.pump();
    EXPECT_TRUE(channel.inbound.empty());
    EXPECT_TRUE(std::ranges::all_of(there.granule(page_on_it), [](std::byte b) { return b == std::byte{0x11}; }));
    settle();
    expect_completed();
}

TEST_F(Channels, NobodyElseJoins) {
    ASSERT_TRUE(source.start(net, by_channels()));
    ASSERT_TRUE(until([&] { return made() == 4 && source_control.tracked != nullptr; }));
    const std::span<const std::byte> real = net.acceptor(2).history;
    ASSERT_GE(real.size(), 80u);
    const Records said = split(real.first(80));
    const auto turned_away = [&](const Records& records, net::Ipv4Address caller) {
        RawSource stranger;
        net.caller = caller;
        const auto stream = net.connect({0x0a4d0002}, 7701, stranger);
        net.pump();
        (*stream)->send(join(records));
        for (int i = 0; i < 4; ++i)
            net.pump();
        net.caller = {0x0a4d0001};
        return stranger.over && stranger.answers.size() == 1 && stranger.answers[0].type == RecordType::failure &&
               std::uint32_t{stranger.answers[0].as<migrate::FailureRecord>().error} ==
                   static_cast<std::uint32_t>(MoveError::busy);
    };
    EXPECT_TRUE(turned_away(said, {0x0a4d0009}));
    Records other = said;
    auto named = other[0].as<migrate::JoinRecord>();
    named.move = named.move + 1;
    other[0].put(named);
    EXPECT_TRUE(turned_away(other, {0x0a4d0001}));
    named = said[0].as<migrate::JoinRecord>();
    named.name[0] = 'x';
    other[0].put(named);
    EXPECT_TRUE(turned_away(other, {0x0a4d0001}));
    other[0].type = RecordType::hello;
    EXPECT_TRUE(turned_away(other, {0x0a4d0001}));
    net.calls_with = net::PeerKey{2}; // with the source's address, and all that it says
    EXPECT_TRUE(turned_away(said, {0x0a4d0001}));
    settle();
    expect_completed();
}

// Where another machine has the target's address by then, no page goes there.
TEST_F(Channels, NobodyElseIsJoined) {
    ASSERT_TRUE(source.start(net, by_channels()));
    ASSERT_TRUE(until([&] { return made() == 1 && source_control.tracked == nullptr; }));
    net.answers_with = net::PeerKey{2};
    settle();
    expect_completed();
    EXPECT_GT(made(), 1u);
    for (std::size_t i = 1; i < made(); ++i)
        EXPECT_TRUE(net.acceptor(i).history.empty()) << i;
}

TEST_F(Channels, OnlyPagesGoByThem) {
    for (const RecordType type : {RecordType::zero_pages, RecordType::end, RecordType::run, RecordType::join}) {
        begin_anew();
        connections = 1;
        ASSERT_TRUE(source.start(net, by_channels()));
        ASSERT_TRUE(until([&] { return source.progress().pages > 3; }));
        Records records(2);
        migrate::JoinRecord joins{.name = target.progress().partition_storage, .move = {}, .zero = {}};
        joins.move = split(net.connector(0).history)[0].as<migrate::HelloReplyRecord>().move;
        records[0] = {RecordType::join, std::vector<std::byte>(sizeof joins)};
        records[0].put(joins);
        records[1] = {type, std::vector<std::byte>(48)};
        RawSource peer;
        const auto stream = net.connect({0x0a4d0002}, 7701, peer);
        net.pump();
        (*stream)->send(join(records, false));
        for (int i = 0; i < 4; ++i)
            net.pump();
        EXPECT_TRUE(peer.over);
        ASSERT_FALSE(peer.answers.empty());
        EXPECT_EQ(peer.answers.back().type, RecordType::failure);
        settle();
        expect_completed();
    }
}

// A page is nothing that may wait behind others.
TEST_F(Channels, R52_WhatSomebodyWaitsForOvertakesThem) {
    net.window = 9000;
    ASSERT_TRUE(source.start(net, by_channels(MoveMode::post_copy)));
    ASSERT_TRUE(until([&] { return runs_there() && made() == 4; }));
    ASSERT_FALSE(there.partition->memory.here({99 * kib(4)}));
    there.partition->vcpus[0].awaits = 99 * kib(4);
    const std::size_t before = count(net.acceptor(0), RecordType::page);
    ASSERT_TRUE(until([&] { return there.partition->memory.here({99 * kib(4)}); }));
    EXPECT_GT(count(net.acceptor(0), RecordType::page), before);
    EXPECT_FALSE(there.partition->memory.here({95 * kib(4)}));
    settle();
    expect_completed();
}

TEST_F(Channels, ThatTheyEndWithTheMoveIsNoLoss) {
    for (const MoveMode mode : {MoveMode::pre_copy, MoveMode::hybrid, MoveMode::post_copy, MoveMode::stop_and_copy}) {
        begin_anew();
        ASSERT_TRUE(source.start(net, by_channels(mode)));
        settle();
        expect_completed();
        EXPECT_EQ(source.progress().connections_lost, 0u);
    }
}

TEST_F(Channels, TheyAreMadeAgainWhenTheFirstIs) {
    net.window = 9000;
    ASSERT_TRUE(source.start(net, by_channels(MoveMode::post_copy)));
    ASSERT_TRUE(until([&] { return runs_there() && made() == 4; }));
    net.connector(0).cut = true;
    settle();
    for (std::size_t end = 0; end < 8; ++end)
        EXPECT_FALSE(net.ends[end]->open) << end;
    ASSERT_EQ(source.progress().state, MoveState::post_copying);
    source_control.ticks += 2 * facts.timebase_frequency;
    settle();
    expect_completed();
    EXPECT_EQ(made(), 8u);
    EXPECT_GE(count(net.acceptor(6), RecordType::page), 1u);
}

// Nor does it wait for a channel that has stopped, until that is given up.
TEST_F(Channels, R52_WhatSomebodyWaitsForGoesAgainIfItIsOnAChannel) {
    net.window = 9000;
    ASSERT_TRUE(source.start(net, by_channels(MoveMode::post_copy)));
    ASSERT_TRUE(until([&] { return runs_there() && made() == 4 && net.acceptor(2).handler != nullptr; }));
    PipeEnd& channel = net.acceptor(2);
    channel.handler = nullptr; // what comes there waits from now on
    const std::size_t before = count(channel, RecordType::page);
    ASSERT_TRUE(until([&] { return count(channel, RecordType::page) > before; }));
    const std::uint64_t page = split(whole_records(channel)).back().as<migrate::PageRecord>().index;
    ASSERT_FALSE(there.partition->memory.here({page * kib(4)}));
    there.partition->vcpus[0].awaits = page * kib(4);
    ASSERT_TRUE(until([&] { return there.partition->memory.here({page * kib(4)}); }));
    EXPECT_EQ(source.progress().connections_lost, 0u);
}

// What goes once more is not owed: the digests of a move that has ended meanwhile are whole.
TEST_F(Channels, AllIsHereThoughSomethingGoesAgain) {
    net.window = 9000;
    ASSERT_TRUE(source.start(net, by_channels(MoveMode::post_copy)));
    ASSERT_TRUE(until([&] { return runs_there() && made() == 4 && net.acceptor(2).handler != nullptr; }));
    PipeEnd& channel = net.acceptor(2);
    net::StreamHandler* const handler = std::exchange(channel.handler, nullptr);
    const std::size_t before = count(channel, RecordType::page);
    ASSERT_TRUE(until([&] { return count(channel, RecordType::page) > before; }));
    ASSERT_TRUE(until([&] { return source.progress().pages_left == 0; }));
    until([] { return false; }); // all the rest is there
    const std::uint64_t page = split(whole_records(channel)).back().as<migrate::PageRecord>().index;
    ASSERT_FALSE(there.partition->memory.here({page * kib(4)}));
    there.partition->vcpus[0].awaits = page * kib(4);
    target.step(1000); // which asks for it
    channel.handler = handler;
    for (int i = 0; i < 10 && target.progress().state != MoveState::completed; ++i) {
        channel.give();
        target.step(1000);
        source.step(1000); // what did not find room before
    }
    ASSERT_EQ(target.progress().state, MoveState::completed);
    settle(); // now the source hears of both
    expect_completed();
    EXPECT_TRUE(source_control.released_whole);
}

TEST_F(Channels, WhileItStandsStillASilentOneIsNotWaitedForLong) {
    net.window = 9000;
    ASSERT_TRUE(source.start(net, by_channels(MoveMode::stop_and_copy)));
    ASSERT_TRUE(until([&] { return made() >= 3 && net.acceptor(2).handler != nullptr; }));
    net.acceptor(2).handler = nullptr;
    ASSERT_TRUE(until([&] { return count(net.acceptor(2), RecordType::page) >= 1; }));
    for (int round = 0; round < 4; ++round) {
        net.pump();
        source.step(1000);
    }
    source_control.ticks += facts.timebase_frequency * 6 / 10;
    settle();
    expect_completed();
    EXPECT_EQ(source.progress().connections_lost, 1u);
}

TEST_F(Channels, WhoeverSaysNothingMakesRoomForThem) {
    connections = 1;
    ASSERT_TRUE(source.start(net, by_channels()));
    ASSERT_TRUE(until([&] { return source.progress().pages > 3; }));
    std::array<RawSource, 20> silent;
    for (RawSource& each : silent) {
        ASSERT_TRUE(net.connect({0x0a4d0002}, 7701, each));
        target_control.ticks += 10;
        net.pump();
        net.pump();
    }
    for (std::size_t i = 0; i < silent.size(); ++i)
        EXPECT_EQ(silent[i].over, i < silent.size() - 4) << i;
    target_control.ticks += 11 * facts.timebase_frequency;
    settle();
    EXPECT_TRUE(std::ranges::all_of(silent, &RawSource::over));
    expect_completed();
}

TEST_F(Channels, NothingOfThePartitionStaysInTheirBuffers) {
    const auto found = [&](const auto& session) {
        const auto bytes = std::as_bytes(std::span(&session, 1));
        for (std::uint64_t page = 0; page < 100; ++page)
            if (std::ranges::search(bytes, here.granule(page).first(64)).begin() != bytes.end())
                return true;
        return false;
    };
    net.window = 9000;
    ASSERT_TRUE(source.start(net, by_channels()));
    ASSERT_TRUE(until([&] { return source.progress().pages > 20 && found(source) && found(target); }));
    ASSERT_TRUE(source.cancel());
    settle();
    EXPECT_FALSE(found(source));
    EXPECT_FALSE(found(target));
    EXPECT_EQ(target_control.discarded, 1u);
}

} // namespace
} // namespace transom::test
