// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/timeouts.h>
#include <transom/base/log.hpp>
#include <transom/net/clock.hpp>
#include <transom/net/stack.hpp>

unsigned char* transom_lwip_heap;

namespace transom::net {

namespace {

using Shape = virtio::NetworkCard::Shape;

// The link carries partitions: frames as large as an IP packet may be. Management is lines of text.
constexpr Shape link_shape{.receive_buffers = 64, .send_descriptors = 256, .mtu = 65000};
constexpr Shape management_shape{.receive_buffers = 64, .send_descriptors = 256, .mtu = 1500};
static_assert(virtio::NetworkCard::memory_needed(link_shape) <= Stack::card_memory_size);
// Full windows of all connections of a move, in the largest segments, fit into the buffers that the card has.
constexpr unsigned busy_streams = 8;
static_assert(busy_streams * TCP_WND <= link_shape.receive_buffers / 2 * (link_shape.mtu - 40));
static_assert(TCP_WND >> TCP_RCV_SCALE <= 0xffff && MEMP_NUM_TCP_SEG >= busy_streams * TCP_SND_QUEUELEN);

// Callers of one port who have not come as far as a connection; more have to call again. A move's connections come at once.
constexpr u8_t waiting_callers = 32;
static_assert(MEMP_NUM_TCP_PCB >= Stack::max_streams + 2 * waiting_callers, "who waits takes nobody's place");

constexpr Ipv4Address link_network{0x0a4d0000};       // 10.77.0.0
constexpr Ipv4Address management_default{0x0a00020f}; // 10.0.2.15

constexpr std::size_t index(InterfaceId id) { return static_cast<std::size_t>(id); }

ip_addr_t to_lwip(Ipv4Address address) { return {lwip_htonl(address.value)}; }

} // namespace

void Stack::init(std::span<std::byte> heap, const MachineAddresses& addresses) {
    invariant(heap.size() >= heap_size, "memory for the network heap");
    transom_lwip_heap = reinterpret_cast<unsigned char*>(heap.data());
    addresses_ = addresses;
    lwip_init();
}

InterfaceId Stack::identify(const MacAddress& mac) const {
    if (mac[0] == 0x52 && mac[1] == 0x54 && mac[2] == 0 && (mac[3] == 0x77 || mac[3] == 0x78))
        return mac[3] == 0x77 ? InterfaceId::link : InterfaceId::management;
    return interface(InterfaceId::link).up() ? InterfaceId::management : InterfaceId::link;
}

std::expected<InterfaceId, virtio::SetupError> Stack::add_card(const pci::Device& device, std::span<std::byte> memory) {
    // Which one it is shows only after the card has answered; a place whose card is up is not touched.
    virtio::NetworkCard card;
    auto ready = card.probe(device);
    const InterfaceId id = identify(card.mac());
    const bool is_link = id == InterfaceId::link;
    const std::string_view name = is_link ? "link" : "management";
    Interface& place = of(id);
    if (ready && place.up()) {
        log("net: a second {} card is left alone (give the cards MAC addresses 52:54:00:77:.. and 52:54:00:78:..)",
            name);
        card.stop();
        return id;
    }
    InterfaceConfig config{is_link ? addresses_.link : addresses_.management, addresses_.netmask,
                           is_link ? link_shape : management_shape};
    if (config.address.value == 0)
        config.address = is_link ? Ipv4Address{link_network.value | card.mac()[5]} : management_default;
    if (ready) {
        place.card() = card;
        ready = place.init(config, memory, is_link ? "lk" : "mg", pci::enable_interrupt(device));
    }
    if (!ready) {
        log("net: card at {:02x}:{:02x}.{} does not come up: {}", device.function.bus, device.function.device,
            device.function.function, virtio::describe(ready.error()));
        return std::unexpected(ready.error());
    }
    const std::uint32_t a = config.address.value;
    const MacAddress& mac = card.mac();
    log("net: {} {}.{}.{}.{} mtu {} mac {:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", name, a >> 24, a >> 16 & 255,
        a >> 8 & 255, a & 255, place.mtu(), mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    if (!place.interrupts())
        log("net: {} is polled: its card cannot interrupt this machine", name);
    return id;
}

unsigned Stack::poll(unsigned budget) {
    unsigned frames = 0;
    for (Interface& each : interfaces_)
        frames += each.poll(budget);
    sys_check_timeouts();
    for (TcpStream& stream : streams_)
        if (stream.in_use())
            stream.deliver();
    for (TcpStream& stream : streams_)
        if (stream.in_use())
            stream.flush();
    for (Interface& each : interfaces_)
        each.flush();
    return frames;
}

std::uint64_t Stack::next_timer_ticks() const { return sys_timeouts_sleeptime() * ticks_per_millisecond(); }

bool Stack::can_interrupt() const { return std::ranges::all_of(interfaces_, &Interface::interrupts); }

void Stack::want_interrupts(bool wanted) {
    for (Interface& each : interfaces_)
        each.want_interrupts(wanted);
}

TcpStream* Stack::free_stream(InterfaceId interface) {
    const std::span<TcpStream> all(streams_);
    for (TcpStream& stream : interface == InterfaceId::link ? all.first(link_streams) : all.last(management_streams))
        if (!stream.in_use())
            return &stream;
    return nullptr;
}

err_t Stack::on_accepted(void* entry, tcp_pcb* pcb, err_t error) {
    const auto& listener = *static_cast<ListenerEntry*>(entry);
    if (error != ERR_OK || pcb == nullptr)
        return ERR_VAL;
    TcpStream* stream = listener.stack->free_stream(listener.interface);
    if (stream == nullptr) {
        tcp_abort(pcb);
        return ERR_ABRT;
    }
    stream->adopt_accepted(pcb, *listener.listener);
    return ERR_OK;
}

std::expected<void, StreamError> Stack::listen(InterfaceId id, std::uint16_t port, Listener& listener) {
    Interface& place = of(id);
    if (!place.up())
        return std::unexpected(StreamError::no_interface);
    if (listener_count_ == listeners_.size())
        return std::unexpected(StreamError::too_many);
    tcp_pcb* pcb = tcp_new();
    if (pcb == nullptr)
        return std::unexpected(StreamError::too_many);
    const ip_addr_t address = to_lwip(place.address());
    if (tcp_bind(pcb, &address, port) != ERR_OK) {
        tcp_abort(pcb);
        return std::unexpected(StreamError::address_in_use);
    }
    // Only what comes by this interface, not what comes by the other one for this address.
    tcp_bind_netif(pcb, &place.lwip());
    tcp_setprio(pcb, TcpStream::newcomer_priority); // who comes inherits it
    tcp_pcb* listening = tcp_listen_with_backlog(pcb, waiting_callers);
    if (listening == nullptr) {
        tcp_abort(pcb);
        return std::unexpected(StreamError::too_many);
    }
    ListenerEntry& entry = listeners_[listener_count_++];
    entry = {this, &listener, id};
    tcp_arg(listening, &entry);
    tcp_accept(listening, &Stack::on_accepted);
    return {};
}

std::expected<ByteStream*, StreamError> Stack::connect(Ipv4Address address, std::uint16_t port,
                                                       StreamHandler& handler) {
    const ip_addr_t remote = to_lwip(address);
    const netif* const way = ip4_route(&remote);
    if (way == nullptr)
        return std::unexpected(StreamError::no_route);
    TcpStream* stream = free_stream(way == &of(InterfaceId::link).lwip() ? InterfaceId::link : InterfaceId::management);
    if (stream == nullptr)
        return std::unexpected(StreamError::too_many);
    tcp_pcb* pcb = tcp_new();
    if (pcb == nullptr)
        return std::unexpected(StreamError::too_many);
    stream->adopt_connecting(pcb, address, handler);
    if (tcp_connect(pcb, &remote, port, &TcpStream::on_connected) != ERR_OK) {
        stream->abort();
        return std::unexpected(StreamError::too_many);
    }
    return stream;
}

} // namespace transom::net
