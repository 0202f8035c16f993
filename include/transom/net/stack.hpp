// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <lwip/opt.h>
#include <span>
#include <transom/net/byte_stream.hpp>
#include <transom/net/interface.hpp>
#include <transom/net/tcp_stream.hpp>
#include <transom/pci/bus.hpp>

namespace transom::net {

/// The addresses of a machine. A zero address is made from the card's MAC: 52:54:00:77:00:0N is 10.77.0.N; the management
/// card is then 10.0.2.15, what QEMU's user network forwards to.
struct MachineAddresses {
    Ipv4Address link{};
    Ipv4Address management{};
    Ipv4Address netmask{0xffffff00};
};

/// The machine's network: both cards, TCP over them. There is one in a machine (lwIP has one state); it belongs to one
/// processor at a time and stays where it is.
class Stack final : public Network {
  public:
    /// Memory for packets to send.
    static constexpr Bytes heap_size = MEM_SIZE + kib(1);
    /// Memory for one card, whichever it is.
    static constexpr Bytes card_memory_size = mib(6);
    /// Connections of each card: callers at one do not take what the other one needs.
    static constexpr std::size_t link_streams = 32;
    static constexpr std::size_t management_streams = 32;
    static constexpr std::size_t max_streams = link_streams + management_streams;
    static constexpr std::size_t max_listeners = 4;

    Stack() = default;
    Stack(const Stack&) = delete;
    Stack& operator=(const Stack&) = delete;

    /// Once, before anything else. `heap` has heap_size bytes.
    void init(std::span<std::byte> heap, const MachineAddresses& addresses);
    /// Brings up a network card; which one it is its MAC tells (52:54:00:77 is the link, 52:54:00:78 is management), else the
    /// first is the link. `memory`: card_memory_size, aligned to 4096. The outcome is logged.
    std::expected<InterfaceId, virtio::SetupError> add_card(const pci::Device& device, std::span<std::byte> memory);

    /// One round: up to `budget` frames from each card, timers, handlers, sending. How many frames there were: 0 means that
    /// there was nothing to do and nothing will come before a frame arrives or `next_timer_ticks` have passed.
    unsigned poll(unsigned budget = 32);
    /// Time base ticks until poll() has a timer to serve.
    std::uint64_t next_timer_ticks() const;
    /// Whether the cards can interrupt when a frame comes, and whether they do; at first they do not. What came before that was in force
    /// interrupts nobody: poll() has to be called once more.
    bool can_interrupt() const;
    void want_interrupts(bool wanted);

    std::expected<void, StreamError> listen(InterfaceId interface, std::uint16_t port, Listener& listener) override;
    std::expected<ByteStream*, StreamError> connect(Ipv4Address address, std::uint16_t port,
                                                    StreamHandler& handler) override;

    const Interface& interface(InterfaceId id) const { return interfaces_[static_cast<std::size_t>(id)]; }

  private:
    struct ListenerEntry {
        Stack* stack = nullptr;
        Listener* listener = nullptr;
        InterfaceId interface = InterfaceId::link;
    };

    Interface& of(InterfaceId id) { return interfaces_[static_cast<std::size_t>(id)]; }
    InterfaceId identify(const MacAddress& mac) const;
    TcpStream* free_stream(InterfaceId interface);
    static err_t on_accepted(void* entry, tcp_pcb* pcb, err_t error);

    MachineAddresses addresses_;
    std::array<Interface, 2> interfaces_;
    std::array<TcpStream, max_streams> streams_; // the link's first
    std::array<ListenerEntry, max_listeners> listeners_;
    std::size_t listener_count_ = 0;
};

} // namespace transom::net
