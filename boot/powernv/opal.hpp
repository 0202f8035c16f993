// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace boot::opal {

/// The firmware's calls that we use; numbers from the OPAL API documents of skiboot.
enum class Call : std::uint64_t {
    console_write = 1,
    console_read = 2,
    rtc_read = 3,
    cec_power_down = 5,
    cec_reboot = 6,
    poll_events = 10,
    pci_config_read_byte = 13,
    pci_config_read_half_word = 14,
    pci_config_read_word = 15,
    pci_config_write_byte = 16,
    pci_config_write_half_word = 17,
    pci_config_write_word = 18,
    set_xive = 19,
    pci_set_pe = 31,
    pci_set_xive_pe = 37,
    get_msi_64 = 40,
    start_cpu = 41,
    pci_msi_eoi = 63,
    reinit_cpus = 70,
    xive_reset = 128,
    xive_get_irq_info = 129,
    xive_set_irq_config = 131,
    xive_set_queue_info = 133,
    xive_allocate_irq = 139,
};

/// OPAL return codes.
constexpr std::int64_t success = 0;
constexpr std::int64_t busy = -2;
constexpr std::int64_t hardware = -6;
constexpr std::int64_t busy_event = -12;

/// Where firmware said at entry that it is.
void set_entry(std::uint64_t base, std::uint64_t entry);

std::int64_t call_with(Call token, const std::uint64_t (&arguments)[8]);

inline std::uint64_t word(const void* object) { return reinterpret_cast<std::uint64_t>(object); }
inline std::uint64_t word(std::uint64_t number) { return number; }

/// One firmware call. Arguments in memory are big-endian and are passed by real address.
template <class... Args> std::int64_t call(Call token, Args... arguments) {
    static_assert(sizeof...(Args) <= 8);
    const std::uint64_t words[8] = {word(arguments)...};
    return call_with(token, words);
}

} // namespace boot::opal
