// SPDX-License-Identifier: Apache-2.0
#include <arch/real_memory.hpp>
#include <cstring>
#include <transom/base/panic.hpp>
#include <transom/net/virtio/network_card.hpp>

namespace transom::net::virtio {

namespace {

constexpr std::uint16_t receive_queue_index = 0;
constexpr std::uint16_t send_queue_index = 1;
constexpr Bytes config_mac = 0;
constexpr Bytes config_mtu = 10;
constexpr std::uint16_t smallest_mtu = 68; // RFC 791

} // namespace

std::expected<void, SetupError> NetworkCard::probe(const pci::Device& device) {
    if (const auto ready = transport_.init(device, feature_version_1 | feature_mac, feature_mtu); !ready)
        return ready;
    if (transport_.config_size() < mac_.size())
        return std::unexpected(SetupError::no_mac);
    for (std::size_t i = 0; i < mac_.size(); ++i)
        mac_[i] = transport_.config8(config_mac + i);
    device_mtu_.reset();
    if (transport_.has(feature_mtu) && transport_.config16(config_mtu) >= smallest_mtu)
        device_mtu_ = transport_.config16(config_mtu);
    return {};
}

std::expected<void, SetupError> NetworkCard::start(std::span<std::byte> memory, const Shape& shape, bool has_vector) {
    invariant(shape.receive_buffers <= max_receive_buffers && shape.mtu <= 65500, "shape of a network card");
    if (memory.size() < memory_needed(shape))
        return std::unexpected(SetupError::memory_too_small);
    receive_queue_.init(memory, shape.receive_buffers);
    send_queue_.init(memory.subspan(send_ring_offset(shape)), shape.send_descriptors);
    interrupts_ = has_vector && transport_.set_vector(receive_queue_index, 0);
    if (const auto set = transport_.enable_queue(receive_queue_index, receive_queue_); !set)
        return set;
    if (const auto set = transport_.enable_queue(send_queue_index, send_queue_); !set)
        return set;
    // One header of zeros serves every frame: no checksum help, no segmentation.
    std::memset(memory.data() + header_offset(shape), 0, header_size);
    send_header_ = arch::real_address(memory.data() + header_offset(shape));
    buffer_size_ = buffer_size(shape);
    buffers_ = memory.subspan(receive_buffers_offset(shape), shape.receive_buffers * buffer_size_);
    posted_ = 0;
    transport_.start();
    for (std::uint16_t i = 0; i < shape.receive_buffers; ++i)
        recycle(i);
    flush();
    return {};
}

void NetworkCard::stop() { transport_.reset(); }

std::optional<std::uint16_t> NetworkCard::send(std::span<const SplitQueue::Piece> pieces) {
    invariant(pieces.size() <= max_pieces, "pieces of a frame");
    std::array<SplitQueue::Piece, max_pieces + 1> all;
    all[0] = {send_header_, header_size};
    for (std::size_t i = 0; i < pieces.size(); ++i)
        all[i + 1] = pieces[i];
    return send_queue_.add({all.data(), pieces.size() + 1}, false);
}

void NetworkCard::flush() {
    if (receive_queue_.publish())
        transport_.notify(receive_queue_index);
    if (send_queue_.publish())
        transport_.notify(send_queue_index);
}

std::expected<std::optional<std::uint16_t>, RingError> NetworkCard::take_sent() {
    const auto used = send_queue_.take_used();
    if (!used)
        return std::unexpected(used.error());
    if (!*used)
        return std::nullopt;
    return (*used)->id;
}

std::expected<std::optional<NetworkCard::Frame>, RingError> NetworkCard::receive() {
    const auto used = receive_queue_.take_used();
    if (!used)
        return std::unexpected(used.error());
    if (!*used)
        return std::nullopt;
    --posted_;
    const std::uint16_t buffer = buffer_of_[(*used)->id];
    const std::uint32_t length = (*used)->length;
    if (length < header_size + ethernet_header_size)
        return Frame{buffer, {}};
    return Frame{buffer, buffers_.subspan(buffer * buffer_size_ + header_size, length - header_size)};
}

void NetworkCard::recycle(std::uint16_t buffer) {
    const SplitQueue::Piece piece{arch::real_address(buffers_.data() + buffer * buffer_size_),
                                  static_cast<std::uint32_t>(buffer_size_)};
    const auto id = receive_queue_.add({&piece, 1}, true);
    invariant(id.has_value(), "more receive buffers than descriptors");
    buffer_of_[*id] = buffer;
    ++posted_;
}

} // namespace transom::net::virtio
