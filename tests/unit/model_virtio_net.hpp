// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/fake_machine.hpp>
#include <arch/mmio.hpp>
#include <arch/real_memory.hpp>
#include <cstring>
#include <functional>
#include <optional>
#include <stdexcept>
#include <transom/net/virtio/network_card.hpp>
#include <transom/pci/bus.hpp>
#include <vector>

/// A virtio network card behind a PCI-to-PCI bridge, written from the specification and sharing nothing with the driver but
/// the fake machine's memory. Registers answer only where BAR, command register and bridge window let them.
class ModelVirtioNet final : public transom::pci::ConfigSpace, public arch::FakeDevice {
  public:
    static constexpr std::uint64_t bus_base = 0x80000000;
    static constexpr transom::RealAddr window_real{0x600c000000000};
    static constexpr transom::Bytes window_size = 0x7fff0000;
    static constexpr std::uint32_t bar_size = 0x4000;
    static constexpr std::uint64_t version_1 = 1ull << 32;
    static constexpr std::uint16_t no_vector = 0xffff;
    static constexpr std::uint8_t msi_x = 0x90; // where the capability is
    using Bytes = std::vector<std::byte>;

    struct Queue {
        std::uint16_t size = 256;
        std::uint16_t enabled = 0;
        std::uint64_t descriptors = 0, avail = 0, used = 0;
        std::uint16_t last_avail = 0;
        std::uint16_t vector = no_vector;
        unsigned notifications = 0;
    };

    ModelVirtioNet() {
        arch::attach_fake_device({window_real, window_size}, this);
        put32(bridge_, 0x00, 0x04c11014);
        bridge_[0x0e] = 1;
        bridge_[0x18] = 0, bridge_[0x19] = 1, bridge_[0x1a] = 1;
        put32(card_, 0x00, 0x10411af4);
        card_[0x06] = 0x10; // capabilities
        card_[0x34] = 0x40;
        capability(0x40, 0x50, 1, 4, 0, 0x1000, 0);
        capability(0x50, 0x60, 3, 4, 0x1000, 0x1000, 0);
        capability(0x60, 0x70, 4, 4, 0x2000, 0x1000, 0);
        capability(0x70, msi_x, 2, 4, 0x3000, 0x1000, 4);
        card_[msi_x] = 0x11, card_[msi_x + 2] = 3; // four vectors, their table
        put32(card_, msi_x + 4, 1);                // at the start of BAR 1
        put32(card_, msi_x + 8, 0x801);
    }
    ~ModelVirtioNet() override { arch::attach_fake_device({window_real, window_size}, nullptr); }

    transom::pci::HostBridge host_bridge() { return {this, bus_base, {window_real, window_size}, messages}; }

    // What a test may set before the driver comes.
    std::uint64_t offered = version_1 | 1 << 5 | 1 << 3 | 1 << 16;
    std::array<std::uint8_t, 6> mac{0x52, 0x54, 0x00, 0x77, 0x00, 0x01};
    std::uint16_t mtu = 9000;
    bool accepts_features = true;
    bool accepts_vectors = true;
    transom::pci::Messages* messages = nullptr; // of the host bridge
    bool stuck_in_reset = false;
    std::function<void(Bytes)> on_send; // a frame without the virtio header

    // What the driver did.
    std::uint64_t accepted = 0;
    std::uint8_t status = 0;
    std::array<Queue, 2> queues;
    std::array<std::uint32_t, 4> vector_0{0, 0, 0, 1}; // of the MSI-X table: address, data, mask
    std::array<std::uint8_t, 256> card_{}, bridge_{};

    void capability(std::uint8_t at, std::uint8_t next, std::uint8_t type, std::uint8_t bar, std::uint32_t offset,
                    std::uint32_t length, std::uint32_t multiplier) {
        card_[at] = 9, card_[at + 1] = next, card_[at + 2] = 16, card_[at + 3] = type, card_[at + 4] = bar;
        put32(card_, at + 8, offset);
        put32(card_, at + 12, length);
        if (type == 2)
            put32(card_, at + 16, multiplier);
    }

    // What the device did.
    unsigned interrupts = 0; // messages of vector 0

    // --- the device at work

    bool pending(unsigned q) {
        return (status & 4) != 0 && load<std::uint16_t>(queues[q].avail + 2) != queues[q].last_avail;
    }

    struct Chain {
        std::uint16_t head;
        std::vector<std::pair<std::uint64_t, std::uint32_t>> readable, writable;
    };
    Chain take(unsigned q) {
        Queue& queue = queues[q];
        Chain chain{};
        chain.head = load<std::uint16_t>(queue.avail + 4 + 2 * (queue.last_avail++ % queue.size));
        for (unsigned at = chain.head, n = 0; n <= queue.size; ++n) {
            const std::uint64_t d = queue.descriptors + 16 * at;
            const auto flags = load<std::uint16_t>(d + 12);
            (flags & 2 ? chain.writable : chain.readable)
                .emplace_back(load<std::uint64_t>(d), load<std::uint32_t>(d + 8));
            if ((flags & 1) == 0)
                return chain;
            at = load<std::uint16_t>(d + 14);
        }
        throw std::runtime_error("descriptor loop");
    }
    void give_back(unsigned q, std::uint32_t id, std::uint32_t length) {
        Queue& queue = queues[q];
        const auto index = load<std::uint16_t>(queue.used + 2);
        store<std::uint32_t>(queue.used + 4 + 8 * (index % queue.size), id);
        store<std::uint32_t>(queue.used + 8 + 8 * (index % queue.size), length);
        set_used_index(q, static_cast<std::uint16_t>(index + 1));
        const bool enabled = (card_[msi_x + 3] & 0xc0) == 0x80 && (vector_0[3] & 1) == 0 && queue.vector == 0;
        if (enabled && load<std::uint16_t>(queue.avail) == 0)
            ++interrupts;
    }
    void set_used_index(unsigned q, std::uint16_t index) { store(queues[q].used + 2, index); }

    /// Sends everything that the driver has queued.
    void run_send() {
        while (pending(1)) {
            const Chain chain = take(1);
            Bytes bytes;
            for (const auto& [address, length] : chain.readable) {
                const std::byte* from = arch::real_pointer({address});
                bytes.insert(bytes.end(), from, from + length);
            }
            give_back(1, chain.head, 0);
            for (unsigned i = 0; i < 12; ++i)
                if (bytes.at(i) != std::byte{0})
                    throw std::runtime_error("virtio_net_hdr asks for something");
            bytes.erase(bytes.begin(), bytes.begin() + 12);
            if (on_send)
                on_send(std::move(bytes));
        }
    }
    /// Receives a frame from the wire; false where the driver has given no buffer.
    bool deliver(std::span<const std::byte> frame) {
        if (!pending(0))
            return false;
        const Chain chain = take(0);
        if (chain.writable.at(0).second < frame.size() + 12)
            throw std::runtime_error("receive buffer too small");
        std::byte* to = arch::real_pointer({chain.writable[0].first});
        std::memset(to, 0, 12);
        std::memcpy(to + 12, frame.data(), frame.size());
        give_back(0, chain.head, static_cast<std::uint32_t>(frame.size() + 12));
        return true;
    }

    // --- configuration space

    std::uint32_t read(transom::pci::Function f, std::uint16_t offset, transom::pci::Width width) override {
        auto* space = of(f);
        if (space == nullptr)
            return 0xffffffffu >> (32 - 8 * static_cast<unsigned>(width));
        std::uint32_t value = 0;
        std::memcpy(&value, space->data() + offset, static_cast<std::size_t>(width));
        return value;
    }
    void write(transom::pci::Function f, std::uint16_t offset, transom::pci::Width width,
               std::uint32_t value) override {
        auto* space = of(f);
        if (space == nullptr)
            return;
        if (space == &card_ && offset >= 0x10 && offset < 0x28) {
            const unsigned bar = (offset - 0x10u) / 4;
            if (bar == 0)
                value = (value & ~0x1fu) | 1; // an I/O BAR
            else if (bar == 1)
                value &= ~0xfffu; // 32-bit memory, 4 KiB
            else if (bar == 4)
                value = (value & ~(bar_size - 1)) | 0xc; // 64-bit, prefetchable
            else if (bar != 5)
                value = 0;
        }
        std::memcpy(space->data() + offset, &value, static_cast<std::size_t>(width));
    }

    // --- registers

    std::uint64_t load(transom::Bytes offset, unsigned size) override {
        const auto at = decode(offset, 0x20, bar_size);
        if (!at)
            return ~0ull;
        Queue& queue = queues[queue_select_ % 2];
        switch (*at) {
        case 0x04:
            return static_cast<std::uint32_t>(offered >> (32 * feature_select_));
        case 0x12:
            return 2;
        case 0x14:
            return stuck_in_reset ? 0x80 : status;
        case 0x18:
            return queue_select_ < 2 ? queue.size : 0;
        case 0x1a:
            return queue.vector;
        case 0x1e:
            return queue_select_;
        }
        if (*at >= 0x2000 && *at + size <= 0x2006) {
            std::uint64_t value = 0;
            std::memcpy(&value, mac.data() + (*at - 0x2000), size);
            return value;
        }
        return *at == 0x200a ? mtu : 0;
    }
    void store(transom::Bytes offset, unsigned, std::uint64_t value) override {
        if (const auto entry = decode(offset, 0x14, 16)) {
            vector_0.at(*entry / 4) = static_cast<std::uint32_t>(value);
            return;
        }
        const auto at = decode(offset, 0x20, bar_size);
        if (!at)
            return;
        Queue& queue = queues[queue_select_ % 2];
        const auto half = [&](std::uint64_t& word, bool high) {
            word = high ? (word & 0xffffffff) | value << 32 : (word & ~0xffffffffull) | (value & 0xffffffff);
        };
        switch (*at) {
        case 0x00:
            feature_select_ = value & 1;
            break;
        case 0x08:
            driver_select_ = value & 1;
            break;
        case 0x0c:
            half(accepted, driver_select_ != 0);
            break;
        case 0x14:
            status = static_cast<std::uint8_t>(value);
            if ((status & 8) != 0 && !accepts_features)
                status &= static_cast<std::uint8_t>(~8);
            if (status == 0)
                queues = {};
            break;
        case 0x16:
            queue_select_ = static_cast<std::uint16_t>(value);
            break;
        case 0x18:
            queue.size = static_cast<std::uint16_t>(value);
            break;
        case 0x1a:
            queue.vector = accepts_vectors ? static_cast<std::uint16_t>(value) : no_vector;
            break;
        case 0x1c:
            queue.enabled = static_cast<std::uint16_t>(value);
            break;
        case 0x20:
        case 0x24:
            half(queue.descriptors, *at == 0x24);
            break;
        case 0x28:
        case 0x2c:
            half(queue.avail, *at == 0x2c);
            break;
        case 0x30:
        case 0x34:
            half(queue.used, *at == 0x34);
            break;
        case 0x3000:
        case 0x3004:
            ++queues[value & 1].notifications;
            break;
        }
    }

    template <class T> static T load(std::uint64_t address) {
        T value;
        std::memcpy(&value, arch::real_pointer({address}), sizeof value);
        return value;
    }
    template <class T> static void store(std::uint64_t address, T value) {
        std::memcpy(arch::real_pointer({address}), &value, sizeof value);
    }

  private:
    static void put32(std::array<std::uint8_t, 256>& space, unsigned at, std::uint32_t value) {
        std::memcpy(space.data() + at, &value, 4);
    }
    static std::uint32_t get32(const std::array<std::uint8_t, 256>& space, unsigned at) {
        std::uint32_t value;
        std::memcpy(&value, space.data() + at, 4);
        return value;
    }
    std::array<std::uint8_t, 256>* of(transom::pci::Function f) {
        if (f == transom::pci::Function{0, 0, 0})
            return &bridge_;
        return f == transom::pci::Function{1, 0, 0} ? &card_ : nullptr;
    }
    /// The offset in the BAR whose register that is, where the access reaches its first `size` bytes.
    std::optional<std::uint64_t> decode(transom::Bytes offset, unsigned bar_register, std::uint32_t size) {
        const std::uint64_t address = bus_base + offset;
        const std::uint64_t base = std::uint64_t{get32(bridge_, 0x20) & 0xfff0} << 16;
        const std::uint64_t limit = std::uint64_t{get32(bridge_, 0x20) >> 20} << 20 | 0xfffff;
        const std::uint64_t upper = bar_register == 0x20 ? get32(card_, 0x24) : 0; // of the only 64-bit one
        const std::uint64_t bar = (upper << 32 | get32(card_, bar_register)) & ~15ull;
        if ((bridge_[4] & 2) == 0 || (card_[4] & 2) == 0 || address < base || address > limit || address < bar ||
            address - bar >= size)
            return std::nullopt;
        return address - bar;
    }

    std::uint64_t feature_select_ = 0, driver_select_ = 0;
    std::uint16_t queue_select_ = 0;
};

/// A host bridge's interrupts, all the same message.
class ModelMessages final : public transom::pci::Messages {
  public:
    std::optional<transom::pci::Message> allocate(transom::pci::Function function) override {
        asked_by.push_back(function);
        return message;
    }

    std::optional<transom::pci::Message> message = transom::pci::Message{0x1000'0000'0000'0030, 5};
    std::vector<transom::pci::Function> asked_by;
};
