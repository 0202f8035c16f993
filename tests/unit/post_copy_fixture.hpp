// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "move_fixture.hpp"

namespace transom::test {

using migrate::MoveError;
using migrate::MoveMode;
using migrate::MoveState;

/// A stranger's records in one piece, with sound sequences.
class Stranger final : public net::StreamHandler {
  public:
    template <class T> void add(migrate::RecordType type, const T& object) {
        writer_.write(type, object);
        const auto waiting = writer_.waiting();
        bytes.insert(bytes.end(), waiting.begin(), waiting.end());
        struct Sink final : net::ByteStream {
            std::size_t send(std::span<const std::byte> b) override { return b.size(); }
            std::size_t send_space() const override { return 100000; }
            void resume_receive() override {}
            void admit() override {}
            void close() override {}
            void abort() override {}
            net::Ipv4Address peer() const override { return {}; }
            net::PeerKey peer_key() const override { return net::PeerKey::none; }
        } sink;
        writer_.flush(sink);
    }
    std::size_t received(std::span<const std::byte> b) override { return b.size(); }
    void closed(net::CloseReason) override { over = true; }
    std::vector<std::byte> bytes;
    bool over = false;

  private:
    std::vector<std::byte> buffer_ = std::vector<std::byte>(migrate::max_record);
    migrate::RecordWriter writer_{buffer_};
};

/// A partition that runs at the target before all of its memory has come.
class PostCopy : public Move {
  protected:
    migrate::MoveOrder post_copy(std::uint32_t vcpus = 2) {
        migrate::MoveOrder moved = order(large(vcpus));
        moved.mode = MoveMode::post_copy;
        return moved;
    }
    bool is_here(std::uint64_t page) { return there.partition->memory.here({page * kib(4)}); }
    /// As a virtual processor does that needs a page.
    void wait_for(std::uint32_t vcpu, std::uint64_t page) { there.partition->vcpus[vcpu].awaits = page * kib(4); }
    /// Until it runs there, with a page missing.
    void start() {
        ASSERT_TRUE(source.start(net, post_copy()));
        ASSERT_TRUE(until([&] { return runs_there(); }));
        ASSERT_EQ(target_control.started_early, 1u);
        ASSERT_EQ(target.progress().state, MoveState::post_copying);
    }
    void expect_completed() {
        ASSERT_EQ(source.progress().state, MoveState::completed) << source.progress().failure.text();
        ASSERT_EQ(target.progress().state, MoveState::completed) << target.progress().failure.text();
        EXPECT_EQ(source_control.released, 1u);
        EXPECT_EQ(target_control.completed, 1u);
        EXPECT_TRUE(source_control.released_whole);
        EXPECT_TRUE(target_control.completed_whole);
        EXPECT_EQ(target_control.discarded, 0u);
        EXPECT_EQ(source_control.resumed, 0u);
        expect_same_memory();
    }
    /// The connection breaks, and the next one does not.
    void break_connection() {
        net.connector(net.ends.size() / 2 - 1).cut = true;
        net.cut_forward = net.cut_backward = std::numeric_limits<std::uint64_t>::max();
        settle();
    }
    /// The target hears all that a stranger has to say, and ends the connection.
    void send_away(Stranger& stranger) {
        const auto stream = net.connect({0x0a4d0002}, 7701, stranger);
        ASSERT_TRUE(stream);
        net.pump();
        (*stream)->send(stranger.bytes);
        for (int i = 0; i < 10; ++i) {
            net.pump();
            target.step(1000);
        }
        EXPECT_TRUE(stranger.over);
    }
    void pass_a_second() {
        source_control.ticks += facts.timebase_frequency;
        target_control.ticks += facts.timebase_frequency;
    }
};

} // namespace transom::test
