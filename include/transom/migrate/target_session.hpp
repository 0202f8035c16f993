// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <transom/memory/granule_bits.hpp>
#include <transom/migrate/checksum.hpp>
#include <transom/migrate/control.hpp>
#include <transom/migrate/move_outcomes.hpp>
#include <transom/migrate/page_waits.hpp>
#include <transom/migrate/progress.hpp>
#include <transom/migrate/record_reader.hpp>
#include <transom/migrate/record_writer.hpp>
#include <transom/migrate/target_channels.hpp>

namespace transom::migrate {

/// Receives one partition at a time: docs/stream.md. Like SourceSession it is called by the network and by a task.
class TargetSession final : public net::StreamHandler, private ChannelUser {
  public:
    /// `receive_buffer` holds max_record bytes.
    TargetSession(TargetControl& control, const MachineFacts& facts, std::span<std::byte> receive_buffer);

    /// Whether another source must be turned away.
    bool busy() const { return stream_ != nullptr; }
    /// Whoever is connected has not said what for.
    bool awaits_hello() const { return phase_ == Phase::greeting; }
    /// The rest of a partition's memory is awaited, and whoever is connected has not said that he is its source: he goes before another who
    /// comes.
    bool is_unknown() const { return phase_ == Phase::post_copying && stream_ != nullptr && !known_; }
    void turn_away();
    /// Who comes while it is busy.
    TargetChannels& channels() { return channels_; }
    /// Whether this partition runs here before all of its memory has come.
    bool completes(const partition::Partition& partition) const {
        return phase_ == Phase::post_copying && arrival_.partition == &partition;
    }
    /// A partition is about to be taken apart, of its own will or an operator's: if it was not complete, nothing more of it is needed.
    void ended(const partition::Partition& partition);
    /// Takes a new connection; only while not busy.
    void accept(net::ByteStream& stream);
    /// Works for about `budget` ticks. True: there is more to do at once.
    bool step(std::uint64_t budget);
    /// Ends the arrival, as long as the partition does not run here. False: too late, or nothing to cancel.
    bool cancel();

    const Progress& progress() const { return progress_; }
    /// Of the moves to here.
    const MoveOutcomes& outcomes() const { return outcomes_; }

    std::size_t received(std::span<const std::byte> bytes) override;
    void closed(net::CloseReason reason) override;

  private:
    enum class Phase : std::uint8_t {
        idle,
        greeting,    // connected, no hello yet
        preparing,   // agreed, the partition's memory is not scrubbed yet
        timing,      // agreed, pings may come
        pre_copying, // it runs at the source, pages come
        receiving,   // partition has come
        held,        // all is here, or what it needs to run
        post_copying, // it runs here, and what is missing comes; or there is no connection, and the source is to make one
        over,
    };

    void handle(const Record& record);
    void handle_hello(const Record& record);
    void prepare(std::uint64_t budget);
    void handle_ping(const Record& record);
    void handle_definition(const Record& record);
    void handle_partition(const Record& record);
    void handle_page(const Record& record);
    std::optional<Failure> store(const Record& page);
    void handle_zero_pages(const Record& record);
    void handle_page_table(const Record& record);
    void handle_state(const Record& record);
    void handle_clock(const Record& record);
    void handle_end(const Record& record);
    void handle_run(const Record& record);
    void handle_failure(const Record& record);
    void end_check();
    void handle_owed(const Record& record);
    void handle_all_sent(const Record& record);
    void handle_again(const Record& record);
    void ask_for_pages();
    void say_what_is_missing();
    void complete_if_whole();
    void complete();
    static std::optional<Failure> check_order(CopyOrder order);
    Landing land(std::uint64_t index, CopyOrder order, std::optional<CopyOrder> base = {});
    void landed(std::uint64_t index);
    void work_off_zero_run();
    std::optional<Failure> check_range(std::uint64_t first, std::uint64_t count) const;
    bool takes_memory();
    /// What names the move, once its clock has come.
    AgainRecord move() const { return {.name = shape_.name_storage, .stopped_at = clock_->stopped_at}; }
    bool names(const AgainRecord& again) const;
    std::optional<Failure> missing_part() const;
    void digest(std::uint64_t index);
    std::span<std::byte> granule(std::uint64_t index);
    bool out_of_time() { return static_cast<std::int64_t>(control_.now() - deadline_) >= 0; }
    bool flush();
    void touch() { last_progress_ = control_.now(); }
    void check_time();
    void erase_records();
    void say_working();
    void be_over();
    void fail(const Failure& why, bool tell_peer = true);
    void refuse(const Failure& why);
    void out_of_order(const Record& record);
    void wrong_length(const Record& record);

    bool is_joined_by(const JoinRecord& join, const net::ByteStream& peer) override;
    std::optional<Failure> take_page(const Record& page) override;
    void pages_taken() override;
    std::uint64_t channel_now() override { return control_.now(); }

    TargetControl& control_;
    MachineFacts facts_;
    RecordReader reader_;
    std::array<std::byte, 512> send_buffer_{};
    RecordWriter writer_;
    net::ByteStream* stream_ = nullptr;
    net::PeerKey source_key_ = net::PeerKey::none; // whoever comes later has to have the same
    TargetChannels channels_;
    std::uint64_t move_ = 0; // what a channel has to say
    TotalsRecord totals_;    // of this connection, but what the writer and the reader know
    PartitionShape shape_;
    Arrival arrival_;
    Progress progress_;
    PageWaits waits_;
    Phase phase_ = Phase::idle;
    bool has_records_ = false;    // in its buffers, of a connection that was
    bool stepping_ = false;       // received() is called from step()
    bool kept_back_ = false;      // received() has left bytes with the connection
    std::uint64_t zero_next_ = 0; // of a zero run that is being digested
    std::uint64_t zero_left_ = 0;
    CopyOrder zero_order_ = 0;
    std::uint64_t owed_next_ = 0;    // granules of which it is known whether they are owed
    bool known_ = false;             // in post-copy: whoever is at the other end is the partition's source
    bool again_ = false;             // the source has come again, and is told
    std::uint64_t told_next_ = 0;    // of so many granules
    MoveOutcomes outcomes_;          // their sources may not have heard of them
    std::uint64_t bytes_before_ = 0; // on connections that are gone
    std::bitset<partition::max_vcpus> vcpus_seen_;
    std::bitset<partition::max_vcpus> areas_seen_;
    bool interrupts_seen_ = false;
    std::bitset<vio::max_terminals> terminals_seen_;
    std::optional<ClockRecord> clock_;
    Bytes definition_next_ = 0; // so much of it has come
    Xxh64 definition_digest_;
    std::uint64_t last_progress_ = 0;
    std::uint64_t last_said_ = 0;
    std::uint64_t deadline_ = 0;
};

} // namespace transom::migrate
