// SPDX-License-Identifier: Apache-2.0
#include <arch/mmio.hpp>
#include <utility>
#include <vector>

namespace arch {

namespace {

std::vector<std::pair<transom::RealRange, FakeDevice*>>& devices() {
    static std::vector<std::pair<transom::RealRange, FakeDevice*>> list;
    return list;
}

} // namespace

void attach_fake_device(transom::RealRange range, FakeDevice* device) {
    std::erase_if(devices(), [&](const auto& entry) { return entry.first.overlaps(range); });
    if (device != nullptr)
        devices().emplace_back(range, device);
}

std::uint64_t fake_mmio_load(transom::RealAddr address, unsigned size) {
    for (const auto& [range, device] : devices())
        if (range.contains(address, size))
            return device->load(address - range.begin, size);
    return ~std::uint64_t{0};
}

void fake_mmio_store(transom::RealAddr address, unsigned size, std::uint64_t value) {
    for (const auto& [range, device] : devices())
        if (range.contains(address, size))
            return device->store(address - range.begin, size, value);
}

} // namespace arch
