// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <transom/migrate/record_reader.hpp>
#include <transom/migrate/record_writer.hpp>
#include <transom/net/byte_stream.hpp>

namespace transom::migrate {

/// What the move that is under way takes from channels.
class ChannelUser {
  public:
    /// Whether this is a channel of the move under way. `peer`: who says so.
    virtual bool is_joined_by(const JoinRecord& join, const net::ByteStream& peer) = 0;
    /// Stores a page. What is wrong with it ends the channel, not the move: it may be what was on its way when the source gave the channel up.
    virtual std::optional<Failure> take_page(const Record& page) = 0;
    /// A piece of what a channel has brought is worked off: it may have been the last that was missing.
    virtual void pages_taken() = 0;
    /// The machine's time base.
    virtual std::uint64_t channel_now() = 0;

  protected:
    ~ChannelUser() = default;
};

/// A connection that came while a partition arrives: one more of its source's, if its first record says so. Anything else is turned away, as
/// there is a move under way.
class TargetChannel final : public net::StreamHandler {
  public:
    TargetChannel() = default;
    TargetChannel(const TargetChannel&) = delete;
    TargetChannel& operator=(const TargetChannel&) = delete;

    bool free() const { return stream_ == nullptr; }
    /// `budget`: ticks of work in one call of the network's.
    void accept(ChannelUser& user, net::ByteStream& stream, std::uint64_t budget);
    void end();
    /// Goes on with what was left, and looks whether a stranger has said who it is, `limit` ticks after it came. True: there is more to
    /// do at once.
    bool step(std::uint64_t limit);
    bool joined() const { return joined_; }
    std::uint64_t came_at() const { return came_at_; }
    /// Of pages, on all connections since `forget_bytes`.
    std::uint64_t bytes() const { return bytes_before_ + (joined_ ? reader_.bytes() : 0); }
    void forget_bytes() { bytes_before_ = 0; }

    std::size_t received(std::span<const std::byte> bytes) override;
    void closed(net::CloseReason) override { over(); }

  private:
    void handle(const Record& record);
    void give_up(const Failure& why);
    void say_received();
    void over();

    ChannelUser* user_ = nullptr;
    std::array<std::byte, max_record> receive_buffer_{};
    RecordReader reader_{receive_buffer_};
    std::array<std::byte, sizeof(RecordHeader) + sizeof(FailureRecord)> send_buffer_{};
    RecordWriter writer_{send_buffer_};
    net::ByteStream* stream_ = nullptr;
    bool joined_ = false;
    bool kept_back_ = false; // received() has left bytes with the connection
    std::uint64_t budget_ = 0;
    std::uint64_t came_at_ = 0;
    std::uint64_t told_ = 0; // records of which the source knows that they are here
    std::uint64_t bytes_before_ = 0;
};

} // namespace transom::migrate
