// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <transom/migrate/page_state.hpp>
#include <transom/migrate/record_reader.hpp>
#include <transom/migrate/record_writer.hpp>
#include <transom/net/byte_stream.hpp>
#include <utility>

namespace transom::migrate {

/// Where a channel leads to.
struct ChannelRoute {
    net::Network* network = nullptr;
    net::Ipv4Address target;
    std::uint16_t port = 0;
    net::PeerKey key = net::PeerKey::none; // the target's
    JoinRecord join;
};

/// A connection of a move that carries nothing but pages, beside the one that carries everything else. It remembers the pages whose arrival the
/// target has not confirmed, so that they can go another way when it breaks.
class SourceChannel final : public net::StreamHandler {
  public:
    SourceChannel() = default;
    SourceChannel(const SourceChannel&) = delete;
    SourceChannel& operator=(const SourceChannel&) = delete;

    /// Begins to connect. False: there is no place for a connection.
    bool connect(const ChannelRoute& route);
    /// Ends it, whatever is on its way. In order: what was sent still arrives.
    void end(bool in_order);

    bool connecting() const { return stream_ != nullptr && !open_; }
    bool open() const { return open_; }
    /// Whether it takes a page now.
    bool ready() const { return open_ && !writer_.pending() && count_ < window; }
    /// All that it was given is at the target.
    bool all_received() const { return count_ == 0; }
    /// Where a page's record is written, while it is ready; then `put`.
    RecordWriter& writer() { return writer_; }
    void put(PageIndex page);
    /// Whether this page is on its way here.
    bool carries(PageIndex page) const;
    /// Whether it has been open since this was asked last.
    bool take_opened() { return std::exchange(opened_, false); }
    /// A page that it was given, and that may not be at the target; each of them once. Only when it is neither open nor connecting.
    bool take_lost(PageIndex& page);

    void flush();
    /// For how many ticks it has been waiting for a sign of the target's; to be called again and again.
    std::uint64_t silent_for(std::uint64_t now);
    /// Of all its connections since `forget_bytes`, which is for when there is none.
    std::uint64_t bytes() const { return bytes_before_ + writer_.bytes() - writer_.waiting().size(); }
    void forget_bytes();

    void connected() override;
    std::size_t received(std::span<const std::byte> bytes) override;
    void closed(net::CloseReason reason) override;

  private:
    /// Pages on their way at most.
    static constexpr std::size_t window = 256;

    void over();

    std::array<std::byte, max_record> send_buffer_{};
    RecordWriter writer_{send_buffer_};
    std::array<std::byte, sizeof(RecordHeader) + sizeof(FailureRecord)> receive_buffer_{};
    RecordReader reader_{receive_buffer_};
    net::ByteStream* stream_ = nullptr;
    ChannelRoute route_;
    bool open_ = false;
    bool opened_ = false;
    bool heard_ = false; // since the last look
    std::uint64_t heard_at_ = 0;
    std::uint64_t bytes_before_ = 0;
    std::array<PageIndex, window> unconfirmed_{}; // a ring, in the order of their records
    std::size_t first_ = 0, count_ = 0;
    std::uint64_t confirmed_ = 0; // records, `join` among them
};

} // namespace transom::migrate
