// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <string_view>
#include <transom/net/byte_stream.hpp>
#include <transom/net/virtio/network_card.hpp>

namespace transom::net {

struct InterfaceCounters {
    std::uint64_t frames_received = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t frames_sent = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t receive_drops = 0; // malformed, or no memory to keep it
    std::uint64_t send_drops = 0;    // send ring full: TCP sends it again
};

struct InterfaceConfig {
    Ipv4Address address;
    Ipv4Address netmask;
    virtio::NetworkCard::Shape shape;
};

/// A network card as an lwIP interface. Received frames are handed to lwIP in the card's own buffers, frames to send are
/// read by the card in lwIP's memory. It stays where it is: the card, lwIP and packets point to it.
class Interface {
  public:
    Interface() = default;
    Interface(const Interface&) = delete;
    Interface& operator=(const Interface&) = delete;

    virtio::NetworkCard& card() { return card_; }

    /// Starts the card, which has been probed, with memory of NetworkCard::memory_needed(config.shape).
    /// `name` has two letters; `has_vector` as for NetworkCard::start().
    std::expected<void, virtio::SetupError> init(const InterfaceConfig& config, std::span<std::byte> memory,
                                                 const char* name, bool has_vector);
    bool up() const { return up_; }
    /// Whether nobody has to look where a frame has come, once that is wanted: NetworkCard::want_interrupts().
    bool interrupts() const { return !up_ || card_.interrupts(); }
    void want_interrupts(bool wanted) {
        if (up_)
            card_.want_interrupts(wanted);
    }
    /// Gives up to `budget` received frames to lwIP and takes back what was sent; how many frames there were.
    unsigned poll(unsigned budget);
    /// Lets the card see what lwIP has queued for sending, and free buffers.
    void flush();

    Ipv4Address address() const { return config_.address; }
    std::uint32_t mtu() const { return config_.shape.mtu; }
    const InterfaceCounters& counters() const { return counters_; }
    netif& lwip() { return netif_; }

  private:
    /// A packet in one of the card's receive buffers.
    struct ReceivedPacket {
        pbuf_custom custom; // first: lwIP knows the packet by this
        Interface* owner;
        std::uint16_t buffer;
    };

    err_t send(pbuf* packet);
    void take_sent();
    void accept(const virtio::NetworkCard::Frame& frame);
    pbuf* wrap(const virtio::NetworkCard::Frame& frame);
    void look_whether_broken();
    void fail(std::string_view why);

    virtio::NetworkCard card_;
    InterfaceConfig config_{};
    InterfaceCounters counters_;
    netif netif_{};
    bool up_ = false;
    std::uint64_t looked_at_ = 0; // whether it is broken
    unsigned unflushed_ = 0;
    std::array<ReceivedPacket, virtio::NetworkCard::max_receive_buffers> received_{};
    std::array<pbuf*, virtio::SplitQueue::max_size> sending_{}; // by the number that send() of the card answered
};

} // namespace transom::net
