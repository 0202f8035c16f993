// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arch/mmio.hpp>
#include <cstdint>
#include <expected>
#include <string_view>
#include <transom/net/virtio/split_queue.hpp>
#include <transom/pci/bus.hpp>

namespace transom::net::virtio {

enum class SetupError : std::uint8_t {
    not_virtio_1,      // no modern register layout: the machine was built with disable-modern
    registers_missing, // a register block is absent or not inside its BAR
    no_reset,          // the device does not come out of reset
    features_refused,  // it does not have, or does not accept, what we need
    queue_missing,     // a queue is absent or smaller than asked for
    no_mac,            // it does not tell its address
    memory_too_small,  // the caller's memory is
};

std::string_view describe(SetupError error);

/// Feature bits (virtio 1.0, 5.1.3 and 6).
constexpr std::uint64_t feature_mtu = std::uint64_t{1} << 3;
constexpr std::uint64_t feature_mac = std::uint64_t{1} << 5;
constexpr std::uint64_t feature_version_1 = std::uint64_t{1} << 32;

constexpr std::uint16_t vendor_id = 0x1af4;
constexpr std::uint16_t network_device_id = 0x1041;
constexpr std::uint16_t transitional_network_device_id = 0x1000;

inline bool is_network_card(const pci::Device& device) {
    return device.vendor == vendor_id &&
           (device.id == network_device_id || device.id == transitional_network_device_id);
}

/// A virtio device on PCI by its modern register layout (virtio 1.0, 4.1.4).
class PciTransport {
  public:
    /// Finds the registers, resets the device and agrees on features: all `required`, of `optional` what there is.
    std::expected<void, SetupError> init(const pci::Device& device, std::uint64_t required, std::uint64_t optional);

    bool has(std::uint64_t feature) const { return (features_ & feature) != 0; }
    /// Bytes of the device's own configuration; reading beyond answers zero.
    Bytes config_size() const { return device_config_.size; }
    std::uint8_t config8(Bytes offset) const;
    std::uint16_t config16(Bytes offset) const;

    /// Gives a queue to the device; `queue` is initialised. Only between init() and start().
    std::expected<void, SetupError> enable_queue(std::uint16_t index, const SplitQueue& queue);
    /// Lets a queue interrupt by that vector of MSI-X, before it is enabled. False where the device cannot do that.
    bool set_vector(std::uint16_t index, std::uint16_t vector);
    /// Tells the device that something was published in the queue.
    void notify(std::uint16_t index) { arch::mmio_store(notify_at_[index], index); }
    void start();
    /// Stops the device: it forgets its queues and touches memory no more.
    void reset();
    /// The device says that it is beyond help (DEVICE_NEEDS_RESET).
    bool broken() const;

  private:
    std::expected<void, SetupError> find_registers(const pci::Device& device);

    static constexpr std::size_t max_queues = 2;
    RealRange common_{};
    RealRange notify_{};
    RealRange device_config_{};
    std::uint32_t notify_multiplier_ = 0;
    std::uint64_t features_ = 0;
    std::array<RealAddr, max_queues> notify_at_{};
};

} // namespace transom::net::virtio
