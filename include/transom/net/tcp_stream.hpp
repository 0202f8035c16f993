// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <lwip/tcp.h>
#include <optional>
#include <transom/net/byte_stream.hpp>

namespace transom::net {

/// A TCP connection: one place of net::Stack's fixed pool. lwIP's callbacks only take notes here; handlers are called by
/// deliver(), outside of lwIP, so that they may do anything with their stream.
class TcpStream final : public ByteStream {
  public:
    TcpStream() = default;
    TcpStream(const TcpStream&) = delete;
    TcpStream& operator=(const TcpStream&) = delete;

    std::size_t send(std::span<const std::byte> bytes) override;
    std::size_t send_space() const override;
    void resume_receive() override { held_ = false; }
    void close() override;
    void abort() override;
    void admit() override;
    Ipv4Address peer() const override { return peer_; }
    PeerKey peer_key() const override { return PeerKey::none; }

    bool in_use() const { return state_ != State::unused; }
    /// lwIP gives a connection up for a new one of higher priority: what connects for us goes before who has come and is not known, and who
    /// comes before what has been closed without that he was.
    static constexpr u8_t newcomer_priority = TCP_PRIO_MIN + 1;
    /// Takes a connection of lwIP's. For accepted ones the listener is asked for the handler by the next deliver().
    void adopt_accepted(tcp_pcb* pcb, Listener& listener);
    void adopt_connecting(tcp_pcb* pcb, Ipv4Address peer, StreamHandler& handler);
    /// For tcp_connect(); the argument is the stream.
    static err_t on_connected(void* self, tcp_pcb* pcb, err_t error);
    /// Calls the handler for everything that has happened.
    void deliver();
    /// Sends acknowledgements and what is queued, full segment or not: the round is over.
    void flush();

  private:
    enum class State : std::uint8_t {
        unused,
        announced,  // accepted, the listener does not know yet
        connecting, // for us, to a listener of the peer's
        open,
    };

    void adopt(tcp_pcb* pcb);
    void announce();
    void deliver_received();
    void finish(CloseReason reason);
    void release();
    void drop_received();
    void forget_connection();

    err_t on_received(pbuf* packet);
    void on_error(err_t error);

    // Small segments may hold this many pieces; more are refused, and the peer sends them again.
    static constexpr std::size_t max_pieces = 128;

    State state_ = State::unused;
    tcp_pcb* pcb_ = nullptr;
    Listener* listener_ = nullptr;
    StreamHandler* handler_ = nullptr;
    Ipv4Address peer_{};
    bool connected_ = false;     // news for the handler
    bool room_ = false;          // news for the handler
    bool wants_room_ = false;    // send() accepted less than it was given
    bool held_ = false;          // the handler had no room
    bool peer_finished_ = false; // news for the handler, once all is consumed
    bool half_closed_ = false;   // it knows, and has something to say still
    bool active_ = false;        // something was sent or received in this round
    std::optional<CloseReason> failure_;
    std::array<pbuf*, max_pieces> pieces_{}; // received, in order, a ring
    std::size_t first_piece_ = 0;
    std::size_t piece_count_ = 0;
    std::size_t offset_ = 0;     // consumed of the first piece
    std::size_t unadmitted_ = 0; // bytes received for which the window was not opened again
};

} // namespace transom::net
