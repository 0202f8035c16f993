// SPDX-License-Identifier: Apache-2.0
#include <transom/net/virtio/pci_transport.hpp>

namespace transom::net::virtio {

namespace {

// Common configuration, virtio 1.0, 4.1.4.3.
constexpr Bytes device_feature_select = 0x00;
constexpr Bytes device_feature = 0x04;
constexpr Bytes driver_feature_select = 0x08;
constexpr Bytes driver_feature = 0x0c;
constexpr Bytes device_status = 0x14;
constexpr Bytes queue_select = 0x16;
constexpr Bytes queue_size = 0x18;
constexpr Bytes queue_vector = 0x1a;
constexpr Bytes queue_enable = 0x1c;
constexpr Bytes queue_notify_offset = 0x1e;
constexpr Bytes queue_descriptors = 0x20;
constexpr Bytes queue_driver = 0x28;
constexpr Bytes queue_device = 0x30;
constexpr Bytes common_size = 0x38;

constexpr std::uint8_t status_acknowledge = 1;
constexpr std::uint8_t status_driver = 2;
constexpr std::uint8_t status_driver_ok = 4;
constexpr std::uint8_t status_features_ok = 8;
constexpr std::uint8_t status_needs_reset = 0x40;

// Vendor capability, virtio 1.0, 4.1.4.
constexpr std::uint8_t capability_vendor = 0x09;
constexpr std::uint8_t type_common = 1;
constexpr std::uint8_t type_notify = 2;
constexpr std::uint8_t type_device = 4;

constexpr unsigned reset_polls = 100000;

/// 64-bit addresses are written as two halves, as the specification allows everywhere.
void store_address(RealAddr at, RealAddr value) {
    arch::mmio_store(at, static_cast<std::uint32_t>(value.value));
    arch::mmio_store(at + 4, static_cast<std::uint32_t>(value.value >> 32));
}

} // namespace

std::string_view describe(SetupError error) {
    switch (error) {
    case SetupError::not_virtio_1:
        return "no virtio 1.0 registers (start the machine without disable-modern=on)";
    case SetupError::registers_missing:
        return "a register block is missing or outside its BAR";
    case SetupError::no_reset:
        return "the device does not come out of reset";
    case SetupError::features_refused:
        return "the device does not accept VERSION_1 and MAC";
    case SetupError::queue_missing:
        return "a queue is missing or too small";
    case SetupError::no_mac:
        return "the device has no MAC address";
    case SetupError::memory_too_small:
        return "not enough memory for rings and buffers";
    }
    return "unknown error";
}

std::expected<void, SetupError> PciTransport::find_registers(const pci::Device& device) {
    pci::ConfigSpace& config = *device.config;
    common_ = notify_ = device_config_ = {};
    bool any = false;
    for (const std::uint8_t at : pci::capabilities(device, capability_vendor)) {
        const std::uint8_t type = config.read8(device.function, static_cast<std::uint16_t>(at + 3));
        const std::uint8_t bar = config.read8(device.function, static_cast<std::uint16_t>(at + 4));
        const std::uint32_t offset = config.read32(device.function, static_cast<std::uint16_t>(at + 8));
        const std::uint32_t length = config.read32(device.function, static_cast<std::uint16_t>(at + 12));
        if (type != type_common && type != type_notify && type != type_device)
            continue;
        any = true;
        // Where a type comes twice the first usable one counts.
        if (bar >= device.bars.size() || length == 0 || offset > device.bars[bar].size ||
            length > device.bars[bar].size - offset)
            continue;
        RealRange& block = type == type_common ? common_ : type == type_notify ? notify_ : device_config_;
        if (!block.empty())
            continue;
        block = {device.bars[bar].begin + offset, length};
        if (type == type_notify)
            notify_multiplier_ = config.read32(device.function, static_cast<std::uint16_t>(at + 16));
    }
    if (!any)
        return std::unexpected(SetupError::not_virtio_1);
    if (common_.size < common_size || notify_.size < 2)
        return std::unexpected(SetupError::registers_missing);
    return {};
}

std::expected<void, SetupError> PciTransport::init(const pci::Device& device, std::uint64_t required,
                                                   std::uint64_t optional) {
    if (const auto found = find_registers(device); !found)
        return found;
    pci::enable_bus_master(device);
    const RealAddr common = common_.begin;
    reset();
    for (unsigned polls = 0; arch::mmio_load<std::uint8_t>(common + device_status) != 0; ++polls)
        if (polls == reset_polls)
            return std::unexpected(SetupError::no_reset);

    arch::mmio_store<std::uint8_t>(common + device_status, status_acknowledge | status_driver);
    std::uint64_t offered = 0;
    for (std::uint32_t half = 0; half < 2; ++half) {
        arch::mmio_store<std::uint32_t>(common + device_feature_select, half);
        offered |= std::uint64_t{arch::mmio_load<std::uint32_t>(common + device_feature)} << (32 * half);
    }
    if ((offered & required) != required)
        return std::unexpected(SetupError::features_refused);
    features_ = offered & (required | optional);
    for (std::uint32_t half = 0; half < 2; ++half) {
        arch::mmio_store<std::uint32_t>(common + driver_feature_select, half);
        arch::mmio_store(common + driver_feature, static_cast<std::uint32_t>(features_ >> (32 * half)));
    }
    const std::uint8_t status = status_acknowledge | status_driver | status_features_ok;
    arch::mmio_store<std::uint8_t>(common + device_status, status);
    if (arch::mmio_load<std::uint8_t>(common + device_status) != status)
        return std::unexpected(SetupError::features_refused);
    return {};
}

std::uint8_t PciTransport::config8(Bytes offset) const {
    return offset < device_config_.size ? arch::mmio_load<std::uint8_t>(device_config_.begin + offset)
                                        : std::uint8_t{0};
}

std::uint16_t PciTransport::config16(Bytes offset) const {
    return offset + 2 <= device_config_.size ? arch::mmio_load<std::uint16_t>(device_config_.begin + offset)
                                             : std::uint16_t{0};
}

std::expected<void, SetupError> PciTransport::enable_queue(std::uint16_t index, const SplitQueue& queue) {
    const RealAddr common = common_.begin;
    arch::mmio_store(common + queue_select, index);
    if (arch::mmio_load<std::uint16_t>(common + queue_size) < queue.size())
        return std::unexpected(SetupError::queue_missing);
    arch::mmio_store(common + queue_size, queue.size());
    const Bytes offset = Bytes{arch::mmio_load<std::uint16_t>(common + queue_notify_offset)} * notify_multiplier_;
    if (offset > notify_.size - 2)
        return std::unexpected(SetupError::registers_missing);
    notify_at_[index] = notify_.begin + offset;
    store_address(common + queue_descriptors, queue.descriptor_area());
    store_address(common + queue_driver, queue.driver_area());
    store_address(common + queue_device, queue.device_area());
    arch::mmio_store<std::uint16_t>(common + queue_enable, 1);
    return {};
}

bool PciTransport::set_vector(std::uint16_t index, std::uint16_t vector) {
    const RealAddr common = common_.begin;
    arch::mmio_store(common + queue_select, index);
    arch::mmio_store(common + queue_vector, vector);
    return arch::mmio_load<std::uint16_t>(common + queue_vector) == vector; // else it says: none
}

void PciTransport::start() {
    arch::mmio_store<std::uint8_t>(common_.begin + device_status,
                                   status_acknowledge | status_driver | status_features_ok | status_driver_ok);
}

void PciTransport::reset() { arch::mmio_store<std::uint8_t>(common_.begin + device_status, 0); }

bool PciTransport::broken() const {
    return (arch::mmio_load<std::uint8_t>(common_.begin + device_status) & status_needs_reset) != 0;
}

} // namespace transom::net::virtio
