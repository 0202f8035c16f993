// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <transom/net/virtio/pci_transport.hpp>
#include <transom/net/virtio/split_queue.hpp>

namespace transom::net {

using MacAddress = std::array<std::uint8_t, 6>;

} // namespace transom::net

namespace transom::net::virtio {

/// A virtio network card (virtio 1.0, 5.1). Each received frame lies in one buffer, so that jumbo frames need nothing
/// but large buffers. It can interrupt for what it receives; what it has sent is asked for.
class NetworkCard {
  public:
    static constexpr std::uint16_t max_receive_buffers = 128;
    static constexpr std::size_t max_pieces = 14; // of a frame to send
    static constexpr Bytes header_size = 12;      // virtio_net_hdr with VERSION_1
    static constexpr Bytes ethernet_header_size = 14;

    struct Shape {
        std::uint16_t receive_buffers = 64; // a power of two up to max_receive_buffers
        std::uint16_t send_descriptors = 256;
        std::uint32_t mtu = 1500; // up to 65500
    };
    struct Frame {
        std::uint16_t buffer = 0;
        std::span<std::byte> bytes; // from the Ethernet header on
    };

    static constexpr Bytes buffer_size(const Shape& shape) {
        return (header_size + ethernet_header_size + shape.mtu + 127) & ~Bytes{127};
    }
    static constexpr Bytes memory_needed(const Shape& shape) {
        return receive_buffers_offset(shape) + shape.receive_buffers * buffer_size(shape);
    }

    /// Brings the device as far as its address, so that the caller can tell which card it is.
    std::expected<void, SetupError> probe(const pci::Device& device);
    const MacAddress& mac() const { return mac_; }
    /// The largest MTU that the device admits, where it says one.
    std::optional<std::uint16_t> device_mtu() const { return device_mtu_; }

    /// Starts it after probe(). `memory`, aligned to 4096, belongs to the card from then on. `has_vector`: vector 0 of its MSI-X
    /// table leads to the hypervisor.
    std::expected<void, SetupError> start(std::span<std::byte> memory, const Shape& shape, bool has_vector);
    /// Whether it can interrupt.
    bool interrupts() const { return interrupts_; }
    /// Whether it does so when it has received a frame; at first it does not. What it received before this came into force interrupts
    /// nobody: receive() has to be asked once more.
    void want_interrupts(bool wanted) { receive_queue_.want_interrupts(wanted); }
    /// Takes its memory away from the device.
    void stop();

    /// Queues a frame whose pieces stay untouched until take_sent() gives its number; nullopt: the ring is full.
    std::optional<std::uint16_t> send(std::span<const SplitQueue::Piece> pieces);
    /// Shows the device what was queued by send() and recycle().
    void flush();
    /// The number of a frame that has been sent.
    std::expected<std::optional<std::uint16_t>, RingError> take_sent();
    /// The next received frame; its buffer is the caller's until recycle(). A frame that is shorter than an Ethernet header
    /// has no bytes.
    std::expected<std::optional<Frame>, RingError> receive();
    void recycle(std::uint16_t buffer);
    /// Buffers that the device can receive into.
    std::uint16_t posted() const { return posted_; }
    bool device_broken() const { return transport_.broken(); }

  private:
    static constexpr Bytes align(Bytes n) { return (n + 127) & ~Bytes{127}; }
    static constexpr Bytes send_ring_offset(const Shape& s) {
        return align(SplitQueue::bytes_needed(s.receive_buffers));
    }
    static constexpr Bytes header_offset(const Shape& s) {
        return send_ring_offset(s) + align(SplitQueue::bytes_needed(s.send_descriptors));
    }
    static constexpr Bytes receive_buffers_offset(const Shape& s) { return header_offset(s) + 128; }

    PciTransport transport_;
    SplitQueue receive_queue_;
    SplitQueue send_queue_;
    MacAddress mac_{};
    std::optional<std::uint16_t> device_mtu_;
    std::span<std::byte> buffers_;
    Bytes buffer_size_ = 0;
    RealAddr send_header_{};
    std::uint16_t posted_ = 0;
    bool interrupts_ = false;
    std::array<std::uint16_t, SplitQueue::max_size> buffer_of_{}; // receive descriptor -> buffer
};

} // namespace transom::net::virtio
