// SPDX-License-Identifier: Apache-2.0
#include "messages.hpp"

#include "../../arch/power/device_interrupts.hpp"
#include "../../arch/power/kick.hpp"
#include "opal.hpp"
#include "xive.hpp"

#include <arch/machine.hpp>
#include <transom/base/big_endian.hpp>
#include <transom/base/static_vector.hpp>
#include <utility>

namespace boot {

using namespace transom;

namespace {

constexpr std::uint64_t match_whole_bus = 7, match_device = 1, match_function = 1, map = 1;
constexpr std::uint64_t message_range = 1;

/// POWER8: the PHB keeps the interrupt's state in memory, by rules that only firmware knows. Its number says which PHB it is of.
constinit StaticVector<std::pair<std::uint32_t, std::uint64_t>, 16> phb_of_interrupt{};

void end_by_firmware(std::uint32_t number) {
    for (const auto& [interrupt, phb] : phb_of_interrupt)
        if (interrupt == number)
            (void)opal::call(opal::Call::pci_msi_eoi, phb, std::uint64_t{number});
}

} // namespace

void OpalMessages::set(std::uint64_t phb, std::uint32_t first, std::uint32_t count) {
    phb_ = phb;
    first_ = first;
    count_ = count;
}

bool OpalMessages::route(std::uint32_t number) {
    const std::uint32_t self = arch::processor_identification();
    if (arch::processor_generation() >= 9) {
        const auto source = xive::route(number, self);
        return source &&
               arch::add_device_interrupt({.number = number, .end_of_interrupt = source->management, .end = nullptr});
    }
    constexpr unsigned link_bits = 2; // below the processor's number in the interrupt's server field
    return phb_of_interrupt.push_back({number, phb_}) &&
           arch::add_device_interrupt({.number = number, .end_of_interrupt = {}, .end = end_by_firmware}) &&
           xive::done(opal::call(opal::Call::set_xive, std::uint64_t{number}, std::uint64_t{self} << link_bits,
                                 std::uint64_t{arch::kick_priority}),
                      "route a device's interrupt");
}

std::optional<pci::Message> OpalMessages::allocate(pci::Function function) {
    if (next_ >= count_)
        return std::nullopt;
    const std::uint64_t endpoint = next_, interrupt = next_;
    ++next_;
    using opal::Call;
    if (!xive::done(opal::call(Call::pci_set_pe, phb_, endpoint, std::uint64_t{function.bdfn()}, match_whole_bus,
                               match_device, match_function, map),
                    "make an endpoint of a device") ||
        !xive::done(opal::call(Call::pci_set_xive_pe, phb_, endpoint, interrupt), "give an endpoint an interrupt"))
        return std::nullopt;
    Be<std::uint64_t> address;
    Be<std::uint32_t> data;
    if (!xive::done(opal::call(Call::get_msi_64, phb_, endpoint, interrupt, message_range, &address, &data),
                    "tell a device's message") ||
        !route(first_ + static_cast<std::uint32_t>(interrupt)))
        return std::nullopt;
    return pci::Message{address, data};
}

} // namespace boot
