// SPDX-License-Identifier: Apache-2.0
#include "raw_source.hpp"

// Who has the partition when the connection breaks: the table in docs/stream.md.

namespace transom::test {
namespace {

using migrate::MoveError;
using migrate::MoveState;

class Commit : public Move {
  protected:
    struct Outcome {
        bool here = false;
        bool there = false;
        MoveState state{};
        bool run_sent = false;
    };

    /// One move over a connection that breaks after so many bytes in one direction.
    Outcome cut(std::uint64_t forward, std::uint64_t backward) {
        net.ends.clear();
        net.cut_forward = forward;
        net.cut_backward = backward;
        target_control.started = target_control.created = target_control.discarded = 0;
        source_control.resumed = source_control.released = 0;
        here.partition->state = partition::PartitionState::running;
        if (!source.start(net, order(*here.partition)))
            throw std::runtime_error("start");
        settle();
        const Outcome result{runs_here(), runs_there(), source.progress().state, source.progress().held_at != 0};
        // What must hold wherever it breaks.
        EXPECT_FALSE(result.here && result.there);
        EXPECT_FALSE(result.there && source_control.resumed != 0);
        EXPECT_EQ(target_control.created, target_control.started + target_control.discarded);
        EXPECT_FALSE(target.busy());
        if (!result.run_sent) {
            EXPECT_TRUE(result.here);
        }
        switch (result.state) {
        case MoveState::completed:
            EXPECT_TRUE(result.there && source_control.released == 1);
            break;
        case MoveState::in_doubt:
            EXPECT_TRUE(result.run_sent && !result.here && source_control.released == 0);
            EXPECT_EQ(here.partition->state, partition::PartitionState::suspended);
            break;
        case MoveState::failed:
            EXPECT_TRUE(result.here && !result.there && source_control.released == 0);
            break;
        default:
            ADD_FAILURE() << "state " << name(result.state);
        }
        if (target_control.started != 0)
            there.scrub();
        return result;
    }
    static constexpr std::uint64_t whole = ~std::uint64_t{0};
};

TEST_F(Commit, J4_ExactlyOneSideHasThePartitionWhereverTheConnectionBreaks) {
    small();
    ASSERT_EQ(cut(whole, whole).state, MoveState::completed);
    const auto forward = net.acceptor().history;
    const auto backward = net.connector().history;
    const Records records = split(forward);
    const std::uint64_t run_at = forward.size() - sizeof(migrate::RecordHeader);

    // The source's direction: around every record, and each byte of end and run.
    std::vector<std::uint64_t> places;
    std::uint64_t at = 0;
    for (const Taken& record : records) {
        for (const std::uint64_t more : {0, 1, 31, 32, 33})
            places.push_back(at + more);
        at += sizeof(migrate::RecordHeader) + record.payload.size();
        places.push_back(at - 1);
    }
    for (std::uint64_t p = run_at - 80; p <= forward.size(); ++p)
        places.push_back(p);
    for (const std::uint64_t place : places) {
        const Outcome result = cut(place, whole);
        const MoveState expected = place <= run_at           ? MoveState::failed
                                   : place <= forward.size() ? MoveState::in_doubt
                                                             : MoveState::completed;
        ASSERT_EQ(result.state, expected) << place;
        ASSERT_EQ(result.there, place >= forward.size()) << place;
        ASSERT_FALSE(HasFailure()) << place;
    }

    // The target's direction, every byte of it from the last pong on.
    const std::uint64_t running_at = backward.size() - sizeof(migrate::RecordHeader) - sizeof(migrate::RunningRecord);
    const std::uint64_t held_end = running_at;
    for (std::uint64_t place = 0; place <= backward.size(); place += place + 200 < held_end ? 16 : 1) {
        const Outcome result = cut(whole, place);
        const MoveState expected = place <= held_end         ? MoveState::failed
                                   : place < backward.size() ? MoveState::in_doubt
                                                             : MoveState::completed;
        ASSERT_EQ(result.state, expected) << place;
        ASSERT_EQ(result.there, place >= held_end + 1) << place;
        ASSERT_FALSE(HasFailure()) << place;
    }
}

TEST_F(Commit, ASourceThatHearsNothingResumesBeforeRunAndStaysInDoubtAfter) {
    small();
    // Nobody ever answers: a listener that keeps quiet.
    struct Quiet final : net::Listener, net::StreamHandler {
        net::StreamHandler* accepted(net::ByteStream&) override { return this; }
        bool deaf = false;
        std::size_t received(std::span<const std::byte> bytes) override { return deaf ? 0 : bytes.size(); }
        void closed(net::CloseReason) override {}
    } quiet;
    net.listener = &quiet;
    ASSERT_TRUE(source.start(net, order(*here.partition)));
    settle();
    EXPECT_EQ(source.progress().state, MoveState::connecting);
    long_silence();
    EXPECT_EQ(source.progress().state, MoveState::failed);
    EXPECT_EQ(source.progress().failure.error, MoveError::time_limit);
    EXPECT_TRUE(runs_here());

    // Nor does it even read: not the whole hello gets out.
    net.ends.clear();
    net.window = 50;
    quiet.deaf = true;
    ASSERT_TRUE(source.start(net, order(*here.partition)));
    settle();
    EXPECT_EQ(source.progress().state, MoveState::connecting);
    long_silence();
    EXPECT_EQ(source.progress().failure.error, MoveError::time_limit);
    EXPECT_TRUE(runs_here());
}

// A target that goes on talking, and does not say whether it runs, is not waited for without end: an operator has to be able to decide.
TEST_F(Commit, TalkIsNoAnswerToRun) {
    small();
    struct DeafToRun final : net::Listener, net::StreamHandler {
        explicit DeafToRun(net::Listener& target, const migrate::Progress& of_source)
            : target(target), of_source(of_source) {}
        net::StreamHandler* accepted(net::ByteStream& stream) override {
            session = target.accepted(stream);
            return this;
        }
        std::size_t received(std::span<const std::byte> bytes) override {
            return of_source.held_at == 0 ? session->received(bytes) : bytes.size();
        }
        void sent() override { session->sent(); }
        void closed(net::CloseReason reason) override { session->closed(reason); }
        net::Listener& target;
        const migrate::Progress& of_source;
        net::StreamHandler* session = nullptr;
    } deaf(*net.listener, source.progress());
    net.listener = &deaf;
    ASSERT_TRUE(source.start(net, order(*here.partition)));
    ASSERT_TRUE(until([&] { return source.progress().held_at != 0; }));
    net.pump();
    std::vector<std::byte> buffer(migrate::max_record), records;
    migrate::RecordWriter writer(buffer);
    const std::size_t said = split(net.connector().history).size();
    for (std::size_t i = 0; i < said + 5; ++i) { // their numbers go on where the target's have ended
        std::vector<std::byte> record;
        writer.finish(migrate::RecordType::working, 0, 0);
        take_written(writer, record);
        if (i < said)
            continue;
        source_control.ticks += 20 * facts.timebase_frequency;
        net.acceptor().send(record);
        net.pump();
        source.step(1000);
    }
    EXPECT_EQ(source.progress().state, MoveState::in_doubt) << source.progress().failure.text();
    EXPECT_EQ(source.progress().failure.error, MoveError::in_doubt);
    EXPECT_FALSE(runs_here());
}

TEST_F(Commit, R40_AWrongCountInHeldMakesTheSourceResume) {
    // A target that answers properly until held, and then counts wrong.
    struct Liar final : net::Listener, net::StreamHandler {
        net::ByteStream* stream = nullptr;
        std::vector<std::byte> in = std::vector<std::byte>(migrate::max_record);
        std::vector<std::byte> out = std::vector<std::byte>(1024);
        migrate::RecordReader reader{in};
        migrate::RecordWriter writer{out};
        bool lie = true;
        bool fail_after_run = false;

        net::StreamHandler* accepted(net::ByteStream& s) override {
            stream = &s;
            reader.reset();
            writer.reset();
            return this;
        }
        void closed(net::CloseReason) override {}
        std::size_t received(std::span<const std::byte> bytes) override {
            for (std::size_t at = 0; at < bytes.size();) {
                const auto fed = reader.feed(bytes.subspan(at));
                at += fed->consumed;
                if (fed->record)
                    answer(*fed->record);
            }
            return bytes.size();
        }
        void answer(const migrate::Record& record) {
            using migrate::RecordType;
            if (record.type == RecordType::hello)
                writer.write(RecordType::hello_reply, migrate::HelloReplyRecord{});
            if (record.type == RecordType::ping)
                writer.write(RecordType::pong, migrate::PongRecord{record.as<migrate::PingRecord>()->source_ticks, 0});
            if (record.type == RecordType::end) {
                auto totals = *record.as<migrate::TotalsRecord>();
                if (lie)
                    totals.pages = totals.pages + 1;
                writer.write(RecordType::held, totals);
            }
            if (record.type == RecordType::run && fail_after_run)
                writer.write(RecordType::failure,
                             migrate::FailureRecord{static_cast<std::uint32_t>(MoveError::cancelled), {}});
            writer.flush(*stream);
        }
    } liar;
    small();
    net.listener = &liar;
    ASSERT_TRUE(source.start(net, order(*here.partition)));
    settle();
    EXPECT_EQ(source.progress().failure.error, MoveError::totals);
    EXPECT_TRUE(runs_here());

    // A target that says after run that it failed has not started it: no doubt is left.
    liar.lie = false;
    liar.fail_after_run = true;
    ASSERT_TRUE(source.start(net, order(*here.partition)));
    settle();
    EXPECT_EQ(source.progress().state, MoveState::failed);
    EXPECT_TRUE(runs_here());

    // And one that says nothing leaves it.
    liar.fail_after_run = false;
    ASSERT_TRUE(source.start(net, order(*here.partition)));
    settle();
    EXPECT_EQ(source.progress().state, MoveState::confirming);
    EXPECT_FALSE(source.cancel()); // too late
    long_silence();
    EXPECT_EQ(source.progress().state, MoveState::in_doubt);
    EXPECT_FALSE(runs_here());
    EXPECT_EQ(source_control.released, 0u);
}

TEST(ClockDifference, IsTheBestOfTheRoundTrips) {
    migrate::ClockEstimate estimate;
    EXPECT_FALSE(estimate.best());
    estimate.add(migrate::difference_of(1000, 50500, 2000));
    estimate.add(migrate::difference_of(3000, 52050, 3100));
    estimate.add(migrate::difference_of(5000, 59000, 9000));
    EXPECT_EQ(estimate.best()->ticks, 52050u - 3050u);
    EXPECT_EQ(estimate.best()->error, 50u);
    // A target whose time base is behind: modulo 2^64.
    EXPECT_EQ(migrate::difference_of(1000, 10, 1000).ticks, static_cast<std::uint64_t>(-990));
}

TEST(ClockDifference, OffsetsAreRoundedUpAndNeverGoBack) {
    constexpr std::uint64_t step = migrate::offset_step;
    EXPECT_EQ(migrate::offset_at_target(3 * step, 0, 1000, 3 * step + 500), 3 * step);
    EXPECT_EQ(migrate::offset_at_target(3 * step, 1, 1000, 3 * step), 3 * step);
    EXPECT_EQ(migrate::offset_at_target(3 * step, step + 1, 10 * step, 0), 2 * step);
    // The target's time base is far ahead: the offset is negative.
    EXPECT_EQ(migrate::offset_at_target(0, 5 * step + 7, 9 * step, 0), static_cast<std::uint64_t>(-5) * step);
    // The estimate was wrong: time at the target would be before the stop.
    EXPECT_EQ(migrate::offset_at_target(0, 0, 1000, 1001), step);
    EXPECT_EQ(migrate::offset_at_target(0, 0, 1000, 1000 + step), step);
    EXPECT_EQ(migrate::offset_at_target(0, 0, 1000, 1001 + step), 2 * step);
}

} // namespace
} // namespace transom::test
