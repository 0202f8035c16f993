// SPDX-License-Identifier: Apache-2.0
#include <arch/clock.hpp>
#include <arch/real_memory.hpp>
#include <cstring>
#include <lwip/etharp.h>
#include <netif/ethernet.h>
#include <transom/base/log.hpp>
#include <transom/net/clock.hpp>
#include <transom/net/interface.hpp>

namespace transom::net {

namespace {

/// Frames queued for sending before the card is told without waiting for the end of the round.
constexpr unsigned flush_threshold = 4;

/// Asking the device for its status is a slow access, and a frame should not wait for it.
constexpr std::uint64_t look_every_ms = 1000;

std::string_view describe(virtio::RingError error) {
    switch (error) {
    case virtio::RingError::index_jumped:
        return "gives back more buffers than it has";
    case virtio::RingError::unknown_buffer:
        return "gives back a buffer that it does not have";
    case virtio::RingError::bad_length:
        break;
    }
    return "says that it wrote more into a buffer than that has";
}

ip4_addr_t to_lwip(Ipv4Address address) { return {lwip_htonl(address.value)}; }

} // namespace

std::expected<void, virtio::SetupError> Interface::init(const InterfaceConfig& config, std::span<std::byte> memory,
                                                        const char* name, bool has_vector) {
    config_ = config;
    if (card_.device_mtu() && *card_.device_mtu() < config_.shape.mtu)
        config_.shape.mtu = *card_.device_mtu();
    if (const auto started = card_.start(memory, config_.shape, has_vector); !started)
        return started;

    const ip4_addr_t address = to_lwip(config.address);
    const ip4_addr_t netmask = to_lwip(config.netmask);
    const ip4_addr_t no_gateway{};
    const auto setup = [](netif* self) -> err_t {
        auto& interface = *static_cast<Interface*>(self->state);
        self->mtu = static_cast<u16_t>(interface.config_.shape.mtu);
        self->hwaddr_len = ETH_HWADDR_LEN;
        std::memcpy(self->hwaddr, interface.card_.mac().data(), ETH_HWADDR_LEN);
        self->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
        self->output = etharp_output;
        self->linkoutput = [](netif* n, pbuf* packet) { return static_cast<Interface*>(n->state)->send(packet); };
        return ERR_OK;
    };
    netif_add(&netif_, &address, &netmask, &no_gateway, this, setup, ethernet_input);
    netif_.name[0] = name[0];
    netif_.name[1] = name[1];
    up_ = true;
    netif_set_link_up(&netif_);
    netif_set_up(&netif_);
    return {};
}

unsigned Interface::poll(unsigned budget) {
    look_whether_broken();
    take_sent();
    unsigned frames = 0;
    for (; up_ && frames < budget; ++frames) {
        const auto frame = card_.receive();
        if (!frame)
            fail(describe(frame.error()));
        else if (*frame)
            accept(**frame);
        else
            break;
    }
    return frames;
}

void Interface::flush() {
    unflushed_ = 0;
    if (up_)
        card_.flush();
}

void Interface::accept(const virtio::NetworkCard::Frame& frame) {
    pbuf* packet = frame.bytes.empty() ? nullptr : wrap(frame);
    if (packet == nullptr) {
        ++counters_.receive_drops;
        card_.recycle(frame.buffer);
        return;
    }
    ++counters_.frames_received;
    counters_.bytes_received += frame.bytes.size();
    if (netif_.input(packet, &netif_) != ERR_OK)
        pbuf_free(packet);
}

/// The packet for a frame: the frame itself, or a copy where so many buffers are held already that the card would run dry.
pbuf* Interface::wrap(const virtio::NetworkCard::Frame& frame) {
    const auto length = static_cast<u16_t>(frame.bytes.size());
    if (card_.posted() < config_.shape.receive_buffers / 4) {
        pbuf* copy = pbuf_alloc(PBUF_RAW, length, PBUF_RAM);
        if (copy == nullptr)
            return nullptr;
        std::memcpy(copy->payload, frame.bytes.data(), length);
        card_.recycle(frame.buffer);
        return copy;
    }
    ReceivedPacket& packet = received_[frame.buffer];
    packet.owner = this;
    packet.buffer = frame.buffer;
    packet.custom.custom_free_function = [](pbuf* done) {
        const auto& received = *reinterpret_cast<ReceivedPacket*>(done);
        received.owner->card_.recycle(received.buffer);
    };
    return pbuf_alloced_custom(PBUF_RAW, length, PBUF_REF, &packet.custom, frame.bytes.data(), length);
}

err_t Interface::send(pbuf* packet) {
    if (!up_)
        return ERR_IF;
    const u16_t length = packet->tot_len;
    std::array<virtio::SplitQueue::Piece, virtio::NetworkCard::max_pieces> pieces;
    std::size_t count = 0;
    for (const pbuf* part = packet; part != nullptr && count < pieces.size(); part = part->next)
        pieces[count++] = {arch::real_address(part->payload), part->len};
    pbuf* sent = packet;
    if (count == pieces.size()) { // perhaps more parts than fit
        sent = pbuf_clone(PBUF_RAW, PBUF_RAM, packet);
        if (sent == nullptr)
            return ERR_MEM;
        pieces[0] = {arch::real_address(sent->payload), sent->len};
        count = 1;
    } else {
        pbuf_ref(packet);
    }
    auto number = card_.send({pieces.data(), count});
    if (!number) {
        take_sent();
        number = card_.send({pieces.data(), count});
    }
    if (!number) {
        ++counters_.send_drops;
        pbuf_free(sent);
        return ERR_MEM;
    }
    sending_[*number] = sent;
    ++counters_.frames_sent;
    counters_.bytes_sent += length;
    if (++unflushed_ >= flush_threshold)
        flush();
    return ERR_OK;
}

void Interface::take_sent() {
    while (up_) {
        const auto number = card_.take_sent();
        if (!number)
            return fail(describe(number.error()));
        if (!*number)
            return;
        if (pbuf* sent = sending_[**number]; sent != nullptr)
            pbuf_free(sent);
        sending_[**number] = nullptr;
    }
}

void Interface::look_whether_broken() {
    const std::uint64_t now = arch::timebase();
    if (!up_ || now - looked_at_ < look_every_ms * ticks_per_millisecond())
        return;
    looked_at_ = now;
    if (card_.device_broken())
        fail("says that it is broken (DEVICE_NEEDS_RESET)");
}

void Interface::fail(std::string_view why) {
    log("net: {}{}: the network card {}; it is switched off until the machine starts again", netif_.name[0],
        netif_.name[1], why);
    up_ = false;
    card_.stop();
    netif_set_link_down(&netif_);
    netif_set_down(&netif_);
    for (pbuf*& sent : sending_)
        if (sent != nullptr) {
            pbuf_free(sent);
            sent = nullptr;
        }
}

} // namespace transom::net
