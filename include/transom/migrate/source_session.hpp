// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <transom/base/static_vector.hpp>
#include <transom/migrate/checksum.hpp>
#include <transom/migrate/clock.hpp>
#include <transom/migrate/control.hpp>
#include <transom/migrate/doubts.hpp>
#include <transom/migrate/getting_on.hpp>
#include <transom/migrate/pacer.hpp>
#include <transom/migrate/page_encoder.hpp>
#include <transom/migrate/progress.hpp>
#include <transom/migrate/record_reader.hpp>
#include <transom/migrate/record_writer.hpp>
#include <transom/migrate/section_meter.hpp>
#include <transom/migrate/source_channels.hpp>
#include <transom/migrate/source_pages.hpp>
#include <transom/migrate/source_table.hpp>
#include <transom/migrate/store_throttle.hpp>

namespace transom::migrate {

/// One order to move a partition away.
struct MoveOrder {
    partition::Partition* partition = nullptr;
    net::Ipv4Address target;
    std::uint16_t port = migration_port;
    /// Of its memory, with nothing sent yet; kept by the caller as long as somebody may be told of it.
    SourcePages* pages = nullptr;
    /// For copies of pages that go again and again, with anything in it; kept by the caller until the move is over. May be empty.
    std::span<std::byte> copies{};
    MoveMode mode = MoveMode::hybrid;
    /// At once, at most: the first, and channels that carry pages beside it.
    unsigned connections = default_connections;
    /// While the partition runs, here or there: bytes of the stream a second; 0: as many as there can be.
    std::uint64_t bandwidth = 0;
    /// It ends as soon as the target has said that it takes it.
    bool check_only = false;
    /// Test mode: a bit of this granule is flipped on the way.
    std::optional<std::uint64_t> corrupt_page{};
    Fit fit = Fit::same_version;
    DefinitionToSend definition{};
};

/// Sends one partition at a time to another machine: docs/stream.md. A state machine without a thread: the network calls
/// it as a stream handler, and a task calls step() until the move is over. Both on the same processor.
class SourceSession final : public net::StreamHandler {
  public:
    /// `send_buffer` holds max_record bytes.
    SourceSession(SourceControl& control, const MachineFacts& facts, std::span<std::byte> send_buffer);

    /// What can be said before connecting: nothing changes. The order may be without its pages.
    std::expected<void, Failure> check(const MoveOrder& order) const;
    /// Begins a move. Errors: those of check(); nothing has changed then, progress() included. Or that it cannot connect: if no move was
    /// in progress, that tells of this attempt.
    std::expected<void, Failure> start(net::Network& network, const MoveOrder& order);
    /// Works for about `budget` ticks. True: there is more to do at once.
    bool step(std::uint64_t budget);
    /// Ends the move if the partition has not been handed over yet. False: too late, or nothing to cancel.
    bool cancel();
    /// Whether this partition is in the move in progress.
    bool moves(const partition::Partition& partition) const {
        return progress_.in_progress() && order_.partition == &partition;
    }
    /// Whether it runs at the target, which lacks some of its memory, and there is no connection, or one by which the target has not said
    /// yet what it lacks.
    bool is_cut_off(const partition::Partition& partition) const {
        return moves(partition) &&
               (phase_ == Phase::waiting || phase_ == Phase::reconnecting || phase_ == Phase::comparing);
    }
    /// The target is there, by the key of this move, and is just saying what it lacks.
    bool hears_target(const partition::Partition& partition) const {
        return moves(partition) && phase_ == Phase::comparing;
    }
    /// Of one that is cut off: connects at once, if it is not connected.
    void ask_now() {
        asked_now_ = true;
        retry_at_ = control_.now();
    }
    /// What that comes to is not known yet.
    bool is_asked() const { return asked_now_; }
    /// Whether it has run at the target.
    bool has_run_there() const { return ran_there_; }
    /// Of the move that has just ended in doubt.
    Doubt doubt() const {
        return {.move = move(),
                .network = network_,
                .target = order_.target,
                .port = question_port(order_.port),
                .key = target_key_};
    }
    /// A word on a partition that is suspended and not in a move, the operator's or its target's: it goes on here, or is freed.
    void end_doubt(partition::Partition& partition, Owner owner, const Failure& word);
    /// One that was given to release() is about to be freed.
    void left(const partition::Partition& partition);
    /// A partition has ended of its own will, and is about to be taken apart: if it was to move, the move fails.
    void ended(const partition::Partition& partition);

    const Progress& progress() const { return progress_; }
    unsigned connections() const { return (stream_ != nullptr ? 1 : 0) + channels_.open(); }

    void connected() override;
    std::size_t received(std::span<const std::byte> bytes) override;
    void sent() override {}
    void closed(net::CloseReason reason) override;

  private:
    enum class Phase : std::uint8_t {
        idle,
        connecting,
        greeting, // hello sent
        timing,   // pings
        defining, // what it is started from, where the target lacks it
        tracking, // the processors go over to the second page table
        sections, // of the first one, for the first time
        passes,   // pages, while it runs; and sections that have changed, at the end of each pass
        suspending,
        owed,  // what the target does not have
        pages, // what is left
        table, // the same
        vcpus,
        areas,
        interrupts,
        terminals,
        clock,
        settling, // what went by channels has come
        end,
        confirming,   // end sent
        handing,      // run is in the buffer, or gone: `handed_` tells
        fetching,     // it runs there: the rest, and what is asked for before the rest
        emptied,      // all_sent sent
        waiting,      // the same without a connection, for the moment to make one,
        reconnecting, // making it,
        comparing,    // again sent: the target says what it lacks
        leaving,      // it has all of it, which is freed here
        over,
    };

    /// What names it.
    AgainRecord move() const { return {.name = progress_.partition_storage, .stopped_at = progress_.stopped_at}; }
    bool produce();
    bool produce_definition();
    void begin_copying();
    bool begin_tracking();
    void say_working();
    void begin_pass();
    bool produce_pass();
    void end_pass();
    void slow(unsigned percent);
    bool produce_pages();
    bool produce_owed();
    bool produce_rest();
    void reconnect();
    void forget_what_is_on_its_way();
    /// What the target lacks is here and nowhere else, if it runs there.
    bool owes() const { return post_copy_ && handed_; }
    /// A page that is claimed, and when.
    struct Copy {
        std::uint64_t index = 0;
        CopyOrder order = 0;
        bool again = false; // nothing is claimed: another copy of it is on its way by a channel
    };
    void send(Copy copy);
    void put_page(Copy copy, std::span<const std::byte> granule);
    SourceChannel* channel_for(std::uint64_t index);
    void give(SourceChannel& channel, const Copy& copy);
    void begin_channels();
    bool has_room_for_page();
    bool is_ahead();
    void end_check();
    bool produce_settled();
    void put_zero_run();
    void begin_round();
    bool produce_sections();
    bool produce_sections_of_round();
    void produce_clock();
    void begin_suspended();
    bool flush();
    void handle(const Record& record);
    void handle_reply(const Record& record);
    void handle_pong(const Record& record);
    void handle_held(const Record& record);
    void handle_running(const Record& record);
    void handle_demand(const Record& record);
    void handle_owed(const Record& record);
    void handle_all_here(const Record& record);
    void complete();
    void clear_demanded() {
        demanded_.clear();
        demanded_next_ = 0;
    }
    void handle_failure(const Record& record);
    void unexpected_record(const Record& record);
    bool stands_still() const;
    void check_time();
    void check_getting_on();
    Bytes gone() const;
    /// A step before the stop is done, or is ours.
    void get_on() { getting_on_.restart(now(), gone()); }
    void foresee();
    void erase_records();
    void touch() { last_progress_ = now(); }
    bool out_of_time() { return static_cast<std::int64_t>(now() - deadline_) >= 0; }
    void enter(Phase phase);
    void be_over();
    void note_missing(const Failure& why);
    void fail(const Failure& why, bool tell_peer = true);
    std::uint64_t now() { return control_.now(); }
    std::uint64_t microseconds(Ticks ticks) const { return ticks * 1'000'000 / facts_.timebase_frequency; }

    SourceControl& control_;
    MachineFacts facts_;
    RecordWriter writer_;
    PageEncoder encoder_;
    SourceTable table_;
    std::array<std::byte, 512> receive_buffer_{};
    RecordReader reader_;
    net::ByteStream* stream_ = nullptr;
    net::PeerKey target_key_ = net::PeerKey::none; // whoever answers later has to have the same
    MoveOrder order_;
    Progress progress_;
    Phase phase_ = Phase::idle;
    bool has_records_ = false; // in its buffers, of the last connection
    bool handed_ = false;      // a byte of run has been given to the connection
    unsigned pings_ = 0;
    std::optional<std::uint64_t> ping_out_; // our time base when the ping that is not answered yet was sent
    TotalsRecord totals_;                   // of this connection, but what the writer knows
    SourceChannels channels_{facts_.timebase_frequency};
    Be64 move_;                   // what a channel has to say
    unsigned channels_most_ = 0;  // that the target takes
    bool target_defines_ = false; // and does not have the definition
    Xxh64 definition_digest_;     // of what was sent of it
    ClockEstimate clock_;
    Pacer pacer_;
    GettingOn getting_on_;
    StoreThrottle throttle_;
    SectionMeter section_meter_;
    std::uint64_t sections_before_ = 0;           // that had gone when the round began
    bool watching_ = false;                       // the right to store is being taken away;
    Ticks watch_ticks_ = 0;                       // what that has taken in this move
    bool in_round_ = false;                       // the pages of this pass have gone, its sections go
    std::optional<Copy> page_;                    // not in a record yet
    bool ran_there_ = false;                      // the target has said so
    bool post_copy_ = false;                      // it is to run there before all of its memory has come
    StaticVector<Copy, 4 * max_demand> demanded_; // somebody waits for them
    std::size_t demanded_next_ = 0;               // of them
    bool demanded_now_ = false;                   // page_, or the last of the zero run, is one of those
    bool state_sent_ = false;                     // the records that come after the pages are
    net::Network* network_ = nullptr;
    std::uint64_t retry_at_ = 0;
    bool asked_now_ = false;         // an operator waits to hear what the next connection comes to
    std::uint64_t bytes_before_ = 0; // on connections that are gone
    std::uint64_t cursor_ = 0;       // next virtual processor, terminal or granule
    std::uint64_t zero_first_ = 0;   // zero granules that are not in a record yet
    std::uint64_t zero_count_ = 0;
    CopyOrder zero_order_ = 0; // of the first: none of them was copied otherwise since
    std::uint64_t last_progress_ = 0;
    std::uint64_t last_said_ = 0; // that we work
    std::uint64_t foreseen_at_ = 0;
    std::uint64_t deadline_ = 0;
};

} // namespace transom::migrate
